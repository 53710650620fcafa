"""Dialect `tnp`: the Transcoding & Packaging API. See docs/tnp.md for what is ours beyond the document."""

PREFIX = "/tnp"
"""Where the dialect lies on every host."""

DIALECT = "tnp"
"""By what the catalog knows the jobs of this API."""
