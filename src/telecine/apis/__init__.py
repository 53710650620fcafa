"""The HTTP surface: one slice per dialect."""
