"""Effects on media files: sandboxed engines, probe, encode, package, verify.

Usable without server, database or Temporal: the one-shot commands use it so.
"""
