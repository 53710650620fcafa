"""What the document asks of a request besides its body: JSON in, JSON out, nothing in the query."""

from fastapi import Depends, Request

from telecine.apis.bodies import SENT_TYPE
from telecine.core.errors import ErrorKind, TelecineError

PURGE_PATH = "AssetRelativePath"
"""What the vendor's clients repeat in the query of a delete."""

_JSON = ("application/json", "application/*", "*/*")


def _checked(request: Request, allowed: frozenset[str]) -> None:
    if not takes_json(", ".join(request.headers.getlist("accept"))):
        raise TelecineError(ErrorKind.FIELD_INVALID, "answers are application/json.", field="Accept")
    for name in request.query_params:
        if name not in allowed:
            raise TelecineError(ErrorKind.FIELD_INVALID, "the query must be empty.", field=name[:80] or "query")
    if request.url.query and not request.query_params:
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must be empty.", field="query")


def _bare(request: Request) -> None:
    _checked(request, frozenset())


def _with_body(request: Request) -> None:
    _bare(request)
    if request.scope.get(SENT_TYPE) is None:
        # A page in a browser can post to any address, but not with this header.
        raise TelecineError(ErrorKind.FIELD_MISSING, field="Content-Type")


def _listing(request: Request) -> None:
    _checked(request, frozenset({"page", "pageSize"}))


def _deleting(request: Request) -> None:
    _checked(request, frozenset({PURGE_PATH}))


BARE = Depends(_bare)
WITH_BODY = Depends(_with_body)
LISTING = Depends(_listing)
DELETING = Depends(_deleting)


def takes_json(accept: str) -> bool:
    """Whether a client with this Accept header takes JSON; none at all takes anything. The closest range decides."""
    if not accept.strip():
        return True
    weights = {}
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights[kind] = _weight(parameters)
    decisive = [weights[kind] for kind in _JSON if kind in weights]
    return bool(decisive) and decisive[0] > 0


def _weight(parameters: list[str]) -> float:
    given = next((text for text in parameters if text.startswith("q=")), "q=1")
    try:
        return float(given[2:])
    except ValueError:
        return 1.0
