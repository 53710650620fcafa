"""Ingestion: what an upload is, how good its pictures are, and small pictures of it.

Three steps, each of which leaves its result in the work folder's `ingest/` and finds it there when it is tried again:
`look` (metadata; all that a light ingestion does), `examine` (every picture is decoded once), `make_pictures`.
"""
