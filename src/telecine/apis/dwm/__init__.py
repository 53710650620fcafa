"""Dialect `dwm`: distributor watermarking. See docs/dwm-api.md for what is ours beyond the document."""

PREFIX = "/dwm"
"""Where the dialect lies on every host."""
