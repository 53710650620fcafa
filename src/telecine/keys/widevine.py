"""Widevine's common encryption API: asks a key server by signed JSON, as Shaka Packager and others do.

The request and the answer are JSON in Base64 in JSON. The signature is the SHA-1 of the request, encrypted: the
protocol's own idea, which proves to the server who asks. TLS is what proves the server to us.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha1
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from telecine.core.drm import SYSTEM_IDS, ContentKey, DrmSystem, Label, Scheme, Signal
from telecine.keys.config import WidevineChoice
from telecine.keys.cpix import refused
from telecine.keys.http import Patience, Unsuccessful, persevere, post
from telecine.keys.server import Wanted
from telecine.keys.signals import box_system, pssh_box
from telecine.keys.vault import fresh_iv

SINGLE = "HD"
"""The track type by which a single key for all tracks is asked for; the protocol has none for all."""

_SYSTEMS = {"WIDEVINE": DrmSystem.WIDEVINE, "PLAYREADY": DrmSystem.PLAYREADY}
_PASSING = "INTERNAL_ERROR"
"""The one status that may be another at the next try."""


class Widevine:
    """A `KeyServer` that speaks Widevine's JSON. It chooses the KIDs."""

    kind = "widevine"
    chooses_kids = True

    def __init__(self, choice: WidevineChoice, patience: Patience = Patience()) -> None:
        self._choice = choice
        self._patience = patience

    def ask(self, content_id: str, wanted: Mapping[Label, Wanted], scheme: Scheme) -> dict[Label, ContentKey]:
        """See `KeyServer`."""
        types = {label: SINGLE if label is Label.ALL else label.value for label in wanted}
        body = signed_request(self._choice, content_id, list(types.values()), scheme)
        url, seconds = self._choice.url, self._patience.try_seconds
        tracks = persevere(lambda: _tracks(post(url, body, _HEADERS, seconds).body), self._patience)
        return {label: _key(label, wanted[label], tracks.get(name), scheme) for label, name in types.items()}


_HEADERS = {"Content-Type": "application/json"}


def signed_request(choice: WidevineChoice, content_id: str, types: list[str], scheme: Scheme) -> bytes:
    """The request for the keys of these track types, signed."""
    wanted = {
        "content_id": _b64(content_id.encode()),
        "policy": choice.policy,
        "tracks": [{"type": name} for name in types],
        "drm_types": list(_SYSTEMS),
        "protection_scheme": scheme.value.upper(),
    }
    request = json.dumps(wanted, separators=(",", ":")).encode()
    digest = sha1(request, usedforsecurity=False).digest()
    padder = PKCS7(AES.block_size).padder()
    encryptor = Cipher(AES(bytes.fromhex(choice.signing_key)), CBC(bytes.fromhex(choice.signing_iv))).encryptor()
    signature = encryptor.update(padder.update(digest) + padder.finalize()) + encryptor.finalize()
    message = {"request": _b64(request), "signature": _b64(signature), "signer": choice.signer}
    return json.dumps(message).encode()


def _tracks(body: bytes) -> dict[str, dict[str, Any]]:
    """The answer's tracks by type. Raises KEYS_REFUSED for any status but OK, Unsuccessful for one that may pass."""
    answer = _json(body, "the answer")
    inner = answer.get("response")
    if not isinstance(inner, str):
        raise refused("the answer has no 'response'.")
    said = _json(_decode(inner, "'response'"), "'response'")
    status = str(said.get("status", "missing"))[:60]
    if status == _PASSING:
        raise Unsuccessful(f"its status is {status}.")
    if status != "OK":
        raise refused(f"the key server's status is {status!r}.")
    tracks = said.get("tracks")
    if not isinstance(tracks, list) or not all(isinstance(track, dict) for track in tracks):
        raise refused("the answer has no list 'tracks'.")
    return {str(track.get("type", "")).upper(): track for track in tracks}


def _key(label: Label, wanted: Wanted, track: dict[str, Any] | None, scheme: Scheme) -> ContentKey:
    if track is None:
        raise refused(f"the answer has no track for {label}.")
    parts = {name: _decode(track.get(name, ""), f"'{name}' of {label}") for name in ("key_id", "key", "iv")}
    for name, lengths in (("key_id", (16,)), ("key", (16,)), ("iv", (0, 16) if scheme is Scheme.CBCS else (0, 8, 16))):
        if len(parts[name]) not in lengths:
            raise refused(f"'{name}' of {label} has {len(parts[name])} bytes instead of 16.")
    given = parts["iv"] if scheme is Scheme.CBCS else b""
    iv = given or wanted.iv or fresh_iv()
    return ContentKey(label, parts["key_id"], parts["key"], iv, tuple(_signals(label, track)))


def _signals(label: Label, track: dict[str, Any]) -> list[Signal]:
    """The boxes of a track. `data` is what goes inside a box; some servers send the box itself."""
    entries = track.get("pssh", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise refused(f"'pssh' of {label} is no list of objects.")
    signals = []
    for entry in entries:
        system = _SYSTEMS.get(str(entry.get("drm_type", "")).upper())
        data = _decode(entry.get("data", ""), f"'pssh' of {label}") if system else b""
        if system and data:
            system_id = SYSTEM_IDS[system]
            whole = data if box_system(data) == system_id else pssh_box(system_id, data)
            signals.append(Signal(system_id, whole))
    return signals


def _json(raw: bytes, what: str) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise refused(f"{what} is no JSON object.")
    return value


def _decode(text: object, what: str) -> bytes:
    try:
        return b64decode(str(text or ""), validate=True)
    except ValueError:
        raise refused(f"{what} is not Base64.") from None


def _b64(value: bytes) -> str:
    return b64encode(value).decode()
