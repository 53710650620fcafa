"""ContentProtection elements of an MPD → what the neutral model says of protection.

What stands in the boxes that they carry is read by `drm_contents`.
"""

from base64 import b64decode
from collections.abc import Sequence
from uuid import UUID

from lxml import etree

from telecine.media.manifests import ProtectionMark, SystemMark

MP4_PROTECTION = "urn:mpeg:dash:mp4protection:2011"
_ELEMENT = "{urn:mpeg:dash:schema:mpd:2011}ContentProtection"
_CENC = "{urn:mpeg:cenc:2013}"
_PLAYREADY = "{urn:microsoft:playready}"


def dash_marks(levels: Sequence[etree._Element], segments: int) -> tuple[ProtectionMark, ...]:
    """What the elements below `levels` (AdaptationSet, Representation) say of all `segments`.

    Raises ValueError for a value that is no UUID or no base64.
    """
    found = _elements(levels)
    if not found:
        return ()
    general = [item for item in found if _scheme_id(item) == MP4_PROTECTION]
    systems = tuple(
        SystemMark(
            system=_scheme_id(item),
            pssh=_decoded(item.findtext(f"{_CENC}pssh", "")),
            playready=_decoded(item.findtext(f"{_PLAYREADY}pro", "")),
            kid=_default_kid(item),
        )
        for item in found
        if item not in general
    )
    if not general:
        return (ProtectionMark(0, segments, "", systems),)
    return (ProtectionMark(0, segments, general[0].get("value", ""), systems, kid=_default_kid(general[0])),)


def repeated_elements(levels: Sequence[etree._Element]) -> list[str]:
    """The schemeIdUri of each element that is there more than once."""
    names = [_scheme_id(item) for item in _elements(levels)]
    return sorted({name for name in names if names.count(name) > 1})


def _elements(levels: Sequence[etree._Element]) -> list[etree._Element]:
    return [item for level in levels for item in level.findall(_ELEMENT)]


def _scheme_id(element: etree._Element) -> str:
    return (element.get("schemeIdUri") or "").lower()


def _default_kid(element: etree._Element) -> bytes:
    """The first of the key ids, for a track has one."""
    values = (element.get(f"{_CENC}default_KID") or "").split()
    return UUID(values[0]).bytes if values else b""


def _decoded(text: str) -> bytes:
    return b64decode("".join(text.split()), validate=True)
