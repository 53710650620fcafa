"""Which variant a viewer gets for each segment, and who leaked, given what was read from a leak.

Pure: keys, evidence and identifiers come in, bits and bounds go out. Pixels belong to `media`.

Two codes: the documented delivery format (`delivery_format`, `delivery_decode`), which carries a short payload, and
collusion-resistant sequences (`bias`, `sequence`, `codebook`, `score`, `pvalue`, `accuse`). Both are read from the same
evidence (`evidence`).
"""
