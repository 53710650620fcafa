"""Telecine: one self-hosted media platform that speaks five existing HTTP APIs."""

__version__ = "0.1.0"
