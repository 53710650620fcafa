"""From a master to files for its recipients: a room that only distributions enter (`jobs.distribution_steps`).

In the order of the work: `master_*` looks at a master and encodes its takes; `take_pictures` and `padded_pictures` read
them back, padded to one size by `padding*`; `splice*` puts them into the master's container, of which `movie_*`,
`sample_*` and `sound_entry` know MP4 and QuickTime, `mxf_*` and `klv` MXF; `verify_copy` reads what came of it.
"""
