"""Dialect `packaging`: watermark packaging v2. See docs/packaging.md for what works and what is refused."""

PREFIX = "/packaging"
"""Where the dialect lies on every host."""

DIALECT = "packaging"
"""What its jobs are called in the catalog."""

PARAMETER = "pallycon-apidata"
"""The one parameter of every request."""
