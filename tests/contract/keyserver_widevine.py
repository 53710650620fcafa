"""Widevine's common encryption JSON as a key server of our tests speaks it, right and wrong on purpose."""

import base64
import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from tests.contract.keyserver_speke import PLAYREADY, WIDEVINE, b64, box, key_of

SIGNER, SIGNING_KEY, SIGNING_IV = "studio", bytes(range(32)), bytes(range(16))


def answer_widevine(name: str, _headers: dict[str, str], body: bytes) -> bytes:
    message = json.loads(body)
    request = base64.b64decode(message["request"], validate=True)
    if message["signer"] != SIGNER or base64.b64decode(message["signature"]) != signature(request):
        return widevine({"status": "SIGNATURE_FAILED"})
    asked = json.loads(request)
    if asked["protection_scheme"] not in ("CENC", "CBCS") or "WIDEVINE" not in asked["drm_types"]:
        return widevine({"status": "INVALID_REQUEST"})
    content_id = base64.b64decode(asked["content_id"]).decode()
    tracks = [track_of(content_id, track["type"], name) for track in asked["tracks"]]
    answer = {"status": "OK", "drm": [{"type": "WIDEVINE", "system_id": WIDEVINE.replace("-", "")}], "tracks": tracks}
    change_widevine(name, answer)
    return {
        "not-json": b"no json",
        "no-response": b"{}",
        "response-not-base64": b'{"response": "%%%"}',
        "response-not-json": json.dumps({"response": b64("[]")}).encode(),
    }.get(name, widevine(answer))


def track_of(content_id: str, kind: str, name: str) -> dict[str, Any]:
    """KIDs are the server's, by content and type; `rotated` has others."""
    if kind not in ("SD", "HD", "UHD1", "UHD2", "AUDIO"):
        return {"type": "?"}
    kid = hashlib.sha256(f"{content_id}/{kind}/{name == 'rotated'}".encode()).digest()[:16]
    if name == "one-kid-for-all":
        kid = bytes(16)
    key = key_of(content_id, kid)
    boxes = [{"drm_type": "WIDEVINE", "data": b64(b"about " + kid)}]
    boxes += [{"drm_type": "PLAYREADY", "data": b64(box(PLAYREADY, kid))}, {"drm_type": "OTHER", "data": "%%%"}]
    return {"type": kind, "key_id": b64(kid), "key": b64(key), "pssh": boxes}


def change_widevine(name: str, answer: dict[str, Any]) -> None:
    one = answer["tracks"][0]
    match name:
        case "own-iv":
            for track in answer["tracks"]:
                track["iv"] = b64(b"the server's IV!")
        case "lower-case":
            for track in answer["tracks"]:
                track["type"] = track["type"].lower()
        case "missing-track":
            answer["tracks"].pop(0)
        case "no-tracks":
            del answer["tracks"]
        case "tracks-no-list":
            answer["tracks"] = {"HD": one}
        case "short-key":
            one["key"] = b64(b"short")
        case "no-key":
            del one["key"]
        case "no-kid":
            del one["key_id"]
        case "not-base64":
            one["key"] = "0123456789abcdef-_!"
        case "pssh-no-list":
            one["pssh"] = "AAAA"
        case "other-key":
            one["key"] = b64(os.urandom(16))
        case "other-kid":
            one["key_id"] = b64(os.urandom(16))
        case "denied":
            answer["status"] = "ACCESS_DENIED"
        case "no-status":
            del answer["status"]
        case "internal":
            answer["status"] = "INTERNAL_ERROR"


def signature(request: bytes) -> bytes:
    padder = padding.PKCS7(128).padder()
    digest = hashes.Hash(hashes.SHA1())
    digest.update(request)
    encryptor = Cipher(algorithms.AES(SIGNING_KEY), modes.CBC(SIGNING_IV)).encryptor()
    return encryptor.update(padder.update(digest.finalize()) + padder.finalize()) + encryptor.finalize()


def widevine(answer: dict[str, Any]) -> bytes:
    return json.dumps({"response": b64(json.dumps(answer))}).encode()
