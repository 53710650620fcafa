"""The keys of one job: asked for once, then the same ones for every tree, every retry and verification.

What is asked for is written down by key id, not by value, in the work folder: so a rotation or a key server with other
ideas between two tries cannot give one job's trees two sets of keys, and no secret lies on the disk.
"""

import json
from collections.abc import Mapping
from typing import Protocol

from telecine.core.drm import ContentKey, Label, Scheme
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import TreeProtection
from telecine.keys.source import KeySource
from telecine.media.workspace import Workspace, write_finished

PINNED = "keys.json"
"""The file in the work folder that names the job's key ids."""


class Ring(KeySource, Protocol):
    """A site's key source that also finds keys again."""

    def key(self, kid: bytes, scheme: Scheme | None = None) -> ContentKey | None:
        """The key with this id, also a rotated one, with its signals for `scheme`; None where none is."""


class JobKeys:
    """The keys of the job in `workspace`, from its site's `ring`; `media.package` calls it for each tree."""

    def __init__(self, workspace: Workspace, ring: Ring) -> None:
        self._workspace = workspace
        self._ring = ring

    def __call__(self, protection: TreeProtection) -> Mapping[Label, ContentKey]:
        """The key of each label of a tree. Raises KEYS_REFUSED, KEYS_UNREACHABLE."""
        pins = self._pins()
        pinned = pins.setdefault(f"{protection.scheme.value}:{protection.key_id}", {})
        labels = sorted(set(protection.labels.values()))
        # Trees may share content and scheme and still differ in their labels: one with several keys, one with one.
        missing = [label for label in labels if label.value not in pinned]
        if missing:
            keys = self._ring.keys_for(protection.key_id, missing, protection.scheme)
            pinned |= {label.value: key.kid.hex() for label, key in keys.items()}
            write_finished(self._workspace, self._workspace.root / PINNED, json.dumps(pins).encode())
        return {label: self._found(pinned[label.value], protection.scheme) for label in labels}

    def by_id(self) -> dict[bytes, bytes]:
        """Every key that the job has used, by its id: what verification decrypts with."""
        kids = {kid for pinned in self._pins().values() for kid in pinned.values()}
        return {bytes.fromhex(kid): self._found(kid).key for kid in kids}

    def owners(self) -> dict[bytes, Label]:
        """Whose each of these keys is, by its id."""
        return {bytes.fromhex(kid): Label(label) for pinned in self._pins().values() for label, kid in pinned.items()}

    def _pins(self) -> dict[str, dict[str, str]]:
        path = self._workspace.root / PINNED
        return json.loads(path.read_bytes()) if path.exists() else {}

    def _found(self, kid: str, scheme: Scheme | None = None) -> ContentKey:
        key = self._ring.key(bytes.fromhex(kid), scheme)
        if key is None:
            raise TelecineError(ErrorKind.KEYS_REFUSED, f"the key {kid}, with which this job began, is gone.")
        return key
