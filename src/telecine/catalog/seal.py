"""Secrets at rest: AES-GCM under one master key, each bound to the row and field that it belongs to.

A sealed text copied into another row does not open there, and a changed one does not open at all.
"""

import base64
import binascii
import os
import secrets
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from telecine.core.errors import ErrorKind, TelecineError

KEY_BYTES = 32
NONCE_BYTES = 12
_PREFIX = "v1."

_log = structlog.get_logger()


class Sealer:
    """Seals and opens short secrets. `context` names the owner, for instance `storage:<id>:secret_key`."""

    def __init__(self, master_key: bytes) -> None:
        if len(master_key) != KEY_BYTES:
            raise TelecineError(ErrorKind.FIELD_INVALID, f"it must have {KEY_BYTES} bytes.", field="master_key")
        self._cipher = AESGCM(master_key)

    def seal(self, plaintext: str, context: str) -> str:
        """The sealed form of `plaintext`, different each time, that opens only with the same `context`."""
        nonce = os.urandom(NONCE_BYTES)
        body = self._cipher.encrypt(nonce, plaintext.encode(), context.encode())
        return _PREFIX + base64.urlsafe_b64encode(nonce + body).decode()

    def open(self, sealed: str, context: str) -> str:
        """The secret in `sealed`. Raises INTERNAL where key, context or text are not the ones it was sealed with."""
        try:
            if not sealed.startswith(_PREFIX):
                raise ValueError("unknown version")
            raw = base64.b64decode(sealed[len(_PREFIX) :], altchars=b"-_", validate=True)
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
        except (ValueError, InvalidTag) as error:
            owner = context.partition(":")[0]
            detail = f"A secret of a {owner} cannot be opened; the master key may have been replaced."
            raise TelecineError(ErrorKind.INTERNAL, detail) from error


def load_master_key(configured: str, path: Path) -> bytes:
    """The master key: `configured` (Base64 of 32 bytes) or, where that is empty, the file `path`, made on first use.

    Raises FIELD_INVALID where either holds something else.
    """
    if configured:
        return _decode(configured, "master_key")
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        _log.warning("master key can be read by other users; it should have mode 0600", path=str(path))
    return _decode(path.read_text(), str(path))


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise TelecineError(ErrorKind.FIELD_INVALID, f"it must be Base64 of {KEY_BYTES} bytes.", field=where)
    return key


def _create(path: Path) -> None:
    """Write a new key under a name of its own, then link it: of two processes one wins, and nobody reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
