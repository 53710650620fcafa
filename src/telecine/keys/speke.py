"""SPEKE 2.0 and 2.1: asks a key server by a CPIX document and checks its answer against what was asked.

KIDs are ours, so a content has the same ones for ever, and a server that derives keys from them gives the same keys.
The two versions differ in numbers only, as far as files that are packaged once are concerned.
"""

from collections.abc import Mapping

from telecine.core.drm import KEY_BYTES, SYSTEM_IDS, ContentKey, DrmSystem, Label, Scheme, Signal
from telecine.keys.config import SpekeChoice
from telecine.keys.cpix import Document, Encrypted, KeyElement, kid_text, read, refused, write_request
from telecine.keys.cpix_secrets import DocumentReader, certificate_der, load_private_key
from telecine.keys.http import Patience, persevere, post
from telecine.keys.server import Wanted
from telecine.keys.signals import checked_signal

CPIX_VERSIONS = {"2.0": "2.3", "2.1": "2.4"}
"""The version of the document for each of SPEKE's."""


class Speke:
    """A `KeyServer` that speaks SPEKE 2."""

    kind = "speke"
    chooses_kids = False

    def __init__(self, choice: SpekeChoice, patience: Patience = Patience()) -> None:
        self._choice = choice
        self._patience = patience

    def ask(self, content_id: str, wanted: Mapping[Label, Wanted], scheme: Scheme) -> dict[Label, ContentKey]:
        """See `KeyServer`."""
        choice = self._choice
        systems = asked_systems(choice.systems, scheme)
        certificate = certificate_der(choice.certificate) if choice.certificate else b""
        kids = {label: (one.kid, one.iv) for label, one in wanted.items()}
        body = write_request(
            content_id, kids, scheme, systems, SYSTEM_IDS, CPIX_VERSIONS[choice.version], certificate
        ).encode()
        headers = {**choice.headers, "Content-Type": "application/xml", "X-Speke-Version": choice.version}
        reply = persevere(lambda: post(choice.url, body, headers, self._patience.try_seconds), self._patience)
        if (spoken := reply.headers.get("x-speke-version", choice.version)) != choice.version:
            raise refused(f"the key server speaks SPEKE {spoken[:20]!r} and was asked in {choice.version}.")
        return Answer(read(reply.body), choice).keys(content_id, wanted, scheme, systems)


def asked_systems(systems: tuple[DrmSystem, ...], scheme: Scheme) -> list[DrmSystem]:
    """The systems that can do with `scheme`: FairPlay knows cbcs alone."""
    return [system for system in systems if scheme is Scheme.CBCS or system is not DrmSystem.FAIRPLAY]


class Answer:
    """A key server's document, read against what it was asked for."""

    def __init__(self, document: Document, choice: SpekeChoice) -> None:
        self._document = document
        self._choice = choice

    def keys(
        self, content_id: str, wanted: Mapping[Label, Wanted], scheme: Scheme, systems: list[DrmSystem]
    ) -> dict[Label, ContentKey]:
        """The keys of `wanted`. Raises KEYS_REFUSED naming the first thing that is not as it was asked for."""
        document, version = self._document, CPIX_VERSIONS[self._choice.version]
        if document.version != version:
            raise refused(f"the answer is CPIX {document.version!r} and must be {version}.")
        if document.content_id != content_id:
            raise refused(f"the answer is for content {document.content_id[:100]!r}, not {content_id!r}.")
        elements = {key.kid: key for key in document.keys}
        for kid in elements:
            if kid not in [one.kid for one in wanted.values()]:
                raise refused(f"the answer has a key with KID {kid_text(kid)}, which was not asked for.")
        reader = self._reader()
        return {
            label: self._key(label, one, elements.get(one.kid), scheme, systems, reader)
            for label, one in wanted.items()
        }

    def _reader(self) -> DocumentReader | None:
        """What reads encrypted secrets; None where we asked for plain ones."""
        if not self._choice.certificate:
            return None
        ours = certificate_der(self._choice.certificate)
        delivery = next((one for one in self._document.deliveries if one.certificate == ours), None)
        if delivery is None:
            raise refused("the answer has no DeliveryData for our certificate, so its keys are not encrypted to us.")
        return DocumentReader(delivery, load_private_key(self._choice.private_key))

    def _key(
        self,
        label: Label,
        wanted: Wanted,
        element: KeyElement | None,
        scheme: Scheme,
        systems: list[DrmSystem],
        reader: DocumentReader | None,
    ) -> ContentKey:
        name = f"{label} (KID {kid_text(wanted.kid)})"
        if element is None:
            raise refused(f"the answer has no ContentKey for {name}.")
        if element.scheme != scheme:
            raise refused(f"the ContentKey for {name} is for {element.scheme!r} and was asked for in {scheme}.")
        if (intended := self._document.labels.get(wanted.kid)) != label:
            raise refused(f"the answer's usage rule gives the key for {name} to {intended!r}.")
        iv = element.iv if scheme is Scheme.CBCS else b""
        if len(iv) not in (0, 16):
            raise refused(f"the explicitIV for {name} has {len(iv)} bytes instead of 16.")
        signals = tuple(self._signal(system, wanted.kid, scheme) for system in systems)
        return ContentKey(label, wanted.kid, _secret(element, reader, name), iv or wanted.iv, signals)

    def _signal(self, system: DrmSystem, kid: bytes, scheme: Scheme) -> Signal:
        mine = [one for one in self._document.systems if one.kid == kid and one.system_id == SYSTEM_IDS[system]]
        if len(mine) != 1:
            detail = (
                f"the answer has {len(mine)} DRMSystem elements for {system} and KID {kid_text(kid)} instead of one."
            )
            raise refused(detail)
        return checked_signal(mine[0], system, scheme)


def _secret(element: KeyElement, reader: DocumentReader | None, name: str) -> bytes:
    """The key itself. Who asks for encrypted keys takes no plain ones: somebody in between may have made them."""
    secret = element.secret
    if secret is None:
        raise refused(f"the ContentKey for {name} holds no key.")
    if isinstance(secret, Encrypted):
        if reader is None:
            raise refused(f"the ContentKey for {name} is encrypted, which was not asked for.")
        secret = reader.read(secret, f"the ContentKey for {name}")
    elif reader is not None:
        raise refused(f"the ContentKey for {name} is not encrypted, although that was asked for.")
    if len(secret) != KEY_BYTES:
        raise refused(f"the key for {name} has {len(secret)} bytes instead of {KEY_BYTES}.")
    return secret
