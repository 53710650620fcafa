"""What a key server wants said in boxes and manifests, checked before it gets there. No I/O.

What players reject is found here and not by viewers: a box of another system, a playlist line without encryption, one
system's signalling under another's name.
"""

import struct
import uuid
from base64 import b64decode

import m3u8
from lxml import etree

from telecine.core.drm import HLS_METHODS, KEY_FORMATS, SIGNAL_SPACES, DrmSystem, Scheme, Signal
from telecine.keys.cpix import SystemElement, refused

_PSSH = "{urn:mpeg:cenc:2013}pssh"
_DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in SIGNAL_SPACES.items())
_SHORTEST_BOX = 32


def checked_signal(element: SystemElement, system: DrmSystem, scheme: Scheme) -> Signal:
    """The element as a signal. Raises KEYS_REFUSED naming the part that players would reject."""
    name = f"for {system} and KID {uuid.UUID(bytes=element.kid)}"
    if element.pssh and box_system(element.pssh) != element.system_id:
        raise refused(f"the PSSH {name} is no `pssh` box of that system.")
    if element.mpd:
        _check_mpd(element, name)
    _check_lines(element, system, scheme, name)
    return Signal(element.system_id, element.pssh, element.mpd, element.hls_media, element.hls_master)


def box_system(box: bytes) -> str:
    """The system id of a `pssh` box; empty where `box` is not exactly one such box."""
    if len(box) < _SHORTEST_BOX:
        return ""
    size, kind = struct.unpack(">I4s", box[:8])
    return str(uuid.UUID(bytes=box[12:28])) if size == len(box) and kind == b"pssh" else ""


def pssh_box(system_id: str, data: bytes) -> bytes:
    """A `pssh` box of version 0 around `data`."""
    size = _SHORTEST_BOX + len(data)
    return struct.pack(">I4sI16sI", size, b"pssh", 0, uuid.UUID(system_id).bytes, len(data)) + data


def _check_mpd(element: SystemElement, name: str) -> None:
    """The data may be one element or several; a box in it is the same as the one in the segments."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(f"<ContentProtection {_DECLARED}>{element.mpd}</ContentProtection>".encode(), parser)
    except etree.XMLSyntaxError:
        raise refused(f"the ContentProtectionData {name} is not well-formed XML.") from None
    for box in root.iter(_PSSH):
        try:
            same = b64decode("".join((box.text or "").split()), validate=True) == element.pssh
        except ValueError:
            same = False
        if element.pssh and not same:
            raise refused(f"the ContentProtectionData {name} has another box than its PSSH.")


def _check_lines(element: SystemElement, system: DrmSystem, scheme: Scheme, name: str) -> None:
    media = _key_line(element.hls_media, "#EXT-X-KEY:", system, scheme, f"of the media playlist {name}")
    master = _key_line(element.hls_master, "#EXT-X-SESSION-KEY:", system, scheme, f"of the master playlist {name}")
    if media and master and media != master:
        raise refused(f"the HLSSignalingData {name} differ in METHOD, KEYFORMAT or KEYFORMATVERSIONS.")


def _key_line(lines: str, tag: str, system: DrmSystem, scheme: Scheme, name: str) -> tuple[str, ...] | None:
    """METHOD, KEYFORMAT and KEYFORMATVERSIONS of the one key line in `lines`; None where there is nothing."""
    if not lines:
        return None
    found = [line.strip() for line in lines.splitlines() if line.strip()]
    if len(found) != 1 or not found[0].startswith(tag):
        raise refused(f"the HLSSignalingData {name} is not one {tag.rstrip(':')} line.")
    try:
        key = m3u8.loads(found[0].replace(tag, "#EXT-X-KEY:", 1)).keys[0]
    except (ValueError, IndexError):
        key = None
    if key is None or not key.uri:
        raise refused(f"the HLSSignalingData {name} is no key line with a URI.")
    if key.method != HLS_METHODS[scheme]:
        raise refused(f"the HLSSignalingData {name} has METHOD {key.method}, which is not that of {scheme}.")
    wanted = KEY_FORMATS[system]
    # ClearKey's is nobody's to give, so that servers write what their players read.
    if system is not DrmSystem.CLEARKEY and (key.keyformat or "").lower() != wanted:
        raise refused(f"the HLSSignalingData {name} has KEYFORMAT {key.keyformat!r} instead of {wanted!r}.")
    return key.method, key.keyformat or "", key.keyformatversions or "1"
