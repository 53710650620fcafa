"""Dialect `pri`: packaged assets. See docs/pri.md for what is ours beyond the document."""

PREFIX = "/pri"
"""Where the dialect lies on every host."""

ROOT = "/cxf/pri/"
"""What the document's own paths begin with, behind a relative path of the deployment's choice."""
