"""Keys that somebody hands over: in a CPIX document for a one-shot job, or by hand in tests."""

from collections.abc import Collection, Mapping

from telecine.core.drm import SYSTEM_IDS, ContentKey, Label, Scheme, Signal
from telecine.keys.cpix import Document, KeyElement, kid_text, read, refused
from telecine.keys.signals import checked_signal

_SYSTEMS = {system_id: system for system, system_id in SYSTEM_IDS.items()}


class FixedKeys:
    """A `KeySource` over given keys, whatever the content. `scheme` is the only one that they are for; None is any."""

    def __init__(self, keys: Mapping[Label, ContentKey], scheme: Scheme | None = None) -> None:
        self._keys = dict(keys)
        self._scheme = scheme

    @classmethod
    def from_cpix(cls, xml: bytes) -> "FixedKeys":
        """The keys of a document in plain, by the labels of its usage rules. Raises KEYS_REFUSED, saying why not."""
        document = read(xml)
        if not document.keys:
            raise refused("the document holds no ContentKey.")
        scheme = _scheme(document)
        keys = [_key(document, element, scheme) for element in document.keys]
        labels = [key.label for key in keys]
        if len(set(labels)) != len(labels):
            raise refused("the document has two keys for one track type.")
        return cls(dict(zip(labels, keys, strict=True)), scheme)

    def keys_for(self, content_id: str, labels: Collection[Label], scheme: Scheme) -> dict[Label, ContentKey]:  # noqa: ARG002
        """See `KeySource`. Raises KEYS_REFUSED for a label without a key, and for a scheme that they are not for."""
        if self._scheme not in (None, scheme):
            raise refused(f"the keys are for {self._scheme} alone and were asked for in {scheme}.")
        missing = [label for label in Label if label in labels and label not in self._keys]
        if missing:
            raise refused(f"there is none for {', '.join(missing)} among those given.")
        return {label: self._keys[label] for label in Label if label in labels}

    def key(self, kid: bytes, scheme: Scheme | None = None) -> ContentKey | None:  # noqa: ARG002
        """The key of this KID, as `KeyRing.key` gives it."""
        return next((key for key in self._keys.values() if key.kid == kid), None)


def _scheme(document: Document) -> Scheme | None:
    """The one scheme that the document's keys are for; None where it does not say."""
    named = {element.scheme for element in document.keys}
    if len(named) > 1:
        raise refused("the document's keys are for several schemes.")
    (name,) = named
    if name and name not in set(Scheme):
        raise refused(f"the document's keys are for the scheme {name[:20]!r}; cenc and cbcs are known.")
    return Scheme(name) if name else None


def _key(document: Document, element: KeyElement, scheme: Scheme | None) -> ContentKey:
    name = f"the key with KID {kid_text(element.kid)}"
    label = document.labels.get(element.kid, "")
    if label not in set(Label):
        raise refused(f"{name} has the track type {label[:40]!r}; it must be one of {', '.join(Label)}.")
    if not isinstance(element.secret, bytes):
        raise refused(f"{name} is not given in plain.")
    if len(element.secret) != 16 or len(element.iv) not in (0, 16):
        raise refused(f"{name} or its IV does not have 16 bytes.")
    return ContentKey(Label(label), element.kid, element.secret, element.iv, _signals(document, element.kid, scheme))


def _signals(document: Document, kid: bytes, scheme: Scheme | None) -> tuple[Signal, ...]:
    """What the document wants said. Without a scheme nobody could tell whether it is right, so it is left out."""
    if scheme is None:
        return ()
    mine = [one for one in document.systems if one.kid == kid and one.system_id in _SYSTEMS]
    return tuple(checked_signal(one, _SYSTEMS[one.system_id], scheme) for one in mine)
