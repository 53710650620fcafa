"""`python -m telecine.cli`: the same as `telecine`."""

from telecine.cli import app

app()
