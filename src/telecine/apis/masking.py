"""How a secret is shown to somebody who should recognise it but not have it."""

MASK = "****"
_SHOWN = 4
_SHORTEST_TO_SHOW = 12
"""Of a secret shorter than this even the end is kept."""


def masked(secret: str) -> str:
    """A secret of which only the end can be seen, enough to tell two apart."""
    return MASK + (secret[-_SHOWN:] if len(secret) >= _SHORTEST_TO_SHOW else "")
