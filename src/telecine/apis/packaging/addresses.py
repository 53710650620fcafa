"""The address that a viewer of a session is given.

    <domain>/<prefix folder>/<token>/<output path>/<content id>/<tree>/<manifest>
    <domain>/wmt:<token>/<output path>/<content id>/<tree>/<manifest>

Embedders take the token out and put the folder of a variant in, where each variant has its own: the address is the same
for both layouts.
"""

import re
from urllib.parse import quote

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.layout import MASTER, MPD

_DOMAIN = re.compile(
    r"(?:(https?)://)?([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:\d{1,5})?((?:/[a-z0-9._~-]+)*)/*",
    re.IGNORECASE | re.ASCII,
)
_KEPT = ":=._~-"
"""What stays as it is in a token."""
_MANIFESTS = {"dash": MPD, "hls": MASTER}


def base_of(domain: str) -> str:
    """`https://cdn.example.com` of `cdn.example.com`, with its scheme, port and folders where it has any.

    Raises FIELD_INVALID.
    """
    match = _DOMAIN.fullmatch(domain.strip())
    if match is None or any(part in (".", "..") for part in match[4].split("/")):
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must be a host name like cdn.example.com.", field="domain")
    scheme, host, port, folders = match.groups()
    return f"{(scheme or 'https').lower()}://{host.lower()}{port or ''}{folders}"


def check_output_path(asked: str, published: str) -> str:
    """`asked` without slashes at its ends.

    Raises FIELD_INVALID unless it is `published`, or its end: a CDN may have the rest in its origin's path, or in the
    prefix folder.
    """
    path = asked.strip().strip("/")
    if path != published and not (path and published.endswith(f"/{path}")):
        raise TelecineError(ErrorKind.FIELD_INVALID, f"the content is published in '{published}'.", field="output_path")
    return path


def session_url(base: str, prefix_folder: str, token: str, place: tuple[str, str, str], streaming_format: str) -> str:
    """The address. `place`: output path, content id and tree; `prefix_folder` is empty where the token needs none."""
    folders = [part for part in (*place[0].split("/"), *place[1:]) if part]
    parts = [prefix_folder] if prefix_folder else []
    parts += [quote(token, safe=_KEPT), *(quote(part, safe="") for part in folders)]
    return "/".join([base, *parts, _MANIFESTS[streaming_format]])
