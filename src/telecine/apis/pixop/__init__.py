"""The dialect `pixop`: accounts, projects, videos and media of the Video Processing REST API v1."""

PREFIX = "/pixop"
