"""The dialect `pixop`: accounts, projects, videos and media of the Video Processing REST API v1."""

PREFIX = "/pixop"
"""Where the dialect lies on every host."""

ACCOUNTS = f"{PREFIX}/accounts/v1"
VIDEOS = f"{PREFIX}/videos/v1"
MEDIA = f"{PREFIX}/media/v1"
"""Where its three services lie."""
