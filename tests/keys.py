"""Content keys for tests: always the same ones for the same content and label, and findable by their id."""

from collections.abc import Collection
from hashlib import sha256

from telecine.core.drm import ContentKey, Label, Scheme
from telecine.core.plan import TreeProtection


class KnownKeys:
    """A key source whose keys anybody can compute."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Label, ...], Scheme]] = []
        self._given: dict[bytes, ContentKey] = {}

    def keys_for(self, content_id: str, labels: Collection[Label], scheme: Scheme) -> dict[Label, ContentKey]:
        self.asked.append((content_id, tuple(labels), scheme))
        keys = {label: known_key(content_id, label) for label in labels}
        self._given |= {key.kid: key for key in keys.values()}
        return keys

    def key(self, kid: bytes, scheme: Scheme | None = None) -> ContentKey | None:
        return self._given.get(kid)


def known_key(content_id: str, label: Label) -> ContentKey:
    def part(name: str) -> bytes:
        return sha256(f"{name} of {content_id} {label.value}".encode()).digest()[:16]

    return ContentKey(label, part("id"), part("key"), part("iv"))


def keys_of(protection: TreeProtection) -> dict[Label, ContentKey]:
    """What `media.package` asks for."""
    return {label: known_key(protection.key_id, label) for label in set(protection.labels.values())}
