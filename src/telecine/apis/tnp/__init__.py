"""Dialect `tnp`: the Transcoding & Packaging API. See docs/tnp.md for what is ours beyond the document."""

PREFIX = "/tnp"
"""Where the dialect lies on every host."""
