"""Licences for browsers: our own ClearKey server. See docs/drm.md for the licence servers that are not ours."""

PREFIX = "/licence"
"""Where it lies on every host."""
