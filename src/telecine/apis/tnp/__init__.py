"""The Transcoding & Packaging dialect."""
