"""Which client calls, where two clients want different answers.

The vendor's Java client refuses fields that it does not know, some of the document's among them (`otherTeams` of POST
token, the link `previous`, which it calls `prev`). It is the one that sends no `Accept` header, which the document
requires of everybody; and unless it was told otherwise it calls itself as below.
"""

from typing import Annotated

from fastapi import Depends, Request

JAVA_AGENT = "-Unidentified JAVA Application-"


def _is_strict(request: Request) -> bool:
    return "accept" not in request.headers or request.headers.get("user-agent", "") == JAVA_AGENT


StrictClient = Annotated[bool, Depends(_is_strict)]
"""Whether the answer must hold nothing that the Java client does not know."""
