"""CPIX documents (DASH-IF), written and read: the part of the format that SPEKE 2 and key files use. No I/O.

What lies outside that part is not looked at. What lies inside must be right: a key that was misread encrypts a film for
nobody.
"""

import base64
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from telecine.core.drm import ContentKey, DrmSystem, Label, Ladder, Scheme
from telecine.core.errors import ErrorKind, TelecineError

CPIX = "urn:dashif:org:cpix"
PSKC = "urn:ietf:params:xml:ns:keyprov:pskc"
DS = "http://www.w3.org/2000/09/xmldsig#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
VERSIONS = ("2.3", "2.4")

_NS = {"cpix": CPIX, "pskc": PSKC, "ds": DS, "enc": ENC}
_WITH_PSSH = (DrmSystem.WIDEVINE, DrmSystem.PLAYREADY, DrmSystem.CLEARKEY)


@dataclass(frozen=True, slots=True)
class Encrypted:
    """A value that only its recipient can read: what it was encrypted with, the ciphertext, and its MAC."""

    algorithm: str
    value: bytes
    mac: bytes = b""


@dataclass(frozen=True, slots=True)
class KeyElement:
    """A `ContentKey`. `secret` is None where the document holds none."""

    kid: bytes
    scheme: str
    iv: bytes
    secret: bytes | Encrypted | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class SystemElement:
    """A `DRMSystem`: what it wants said about one key, decoded; empty where the document says nothing."""

    kid: bytes
    system_id: str
    pssh: bytes
    mpd: str
    hls_media: str
    hls_master: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A `DeliveryData`: for the holder of `certificate` (DER), the key of the document and that of its MACs."""

    certificate: bytes
    document_key: Encrypted
    mac_key: Encrypted
    mac_algorithm: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says. `labels` has the `intendedTrackType` of each KID."""

    content_id: str
    version: str
    keys: tuple[KeyElement, ...]
    systems: tuple[SystemElement, ...]
    labels: Mapping[bytes, str]
    deliveries: tuple[Delivery, ...]


def refused(detail: str) -> TelecineError:
    """What is wrong with keys that came from outside, as an error."""
    return TelecineError(ErrorKind.KEYS_REFUSED, detail)


def kid_text(kid: bytes) -> str:
    """A KID as documents and people write it."""
    return str(uuid.UUID(bytes=kid))


# Writing


def write_keys(content_id: str, keys: Collection[ContentKey], version: str = "2.3") -> str:
    """A document that carries `keys` in plain, for other key and licence servers."""
    root = _root(content_id, version)
    listed = _add(root, "ContentKeyList")
    for key in keys:
        element = _add(listed, "ContentKey", kid=kid_text(key.kid), **({"explicitIV": _b64(key.iv)} if key.iv else {}))
        secret = _add(_add(element, "Data"), "Secret", PSKC)
        _add(secret, "PlainValue", PSKC).text = _b64(key.key)
    _add_rules(root, {key.label: key.kid for key in keys})
    return _text(root)


def write_request(
    content_id: str,
    kids: Mapping[Label, tuple[bytes, bytes]],
    scheme: Scheme,
    systems: Sequence[DrmSystem],
    system_ids: Mapping[DrmSystem, str],
    version: str,
    certificate: bytes = b"",
) -> str:
    """A document that asks for the keys of `kids` (KID and IV of each label), and what `systems` want said about them.

    With a `certificate` (DER) it asks for keys that only its holder can read.
    """
    root = _root(content_id, version)
    if certificate:
        delivery = _add(_add(root, "DeliveryDataList"), "DeliveryData", id="telecine")
        data = _add(_add(delivery, "DeliveryKey"), "X509Data", DS)
        _add(data, "X509Certificate", DS).text = _b64(certificate)
    listed = _add(root, "ContentKeyList")
    for kid, iv in kids.values():
        constant = {"explicitIV": _b64(iv)} if scheme is Scheme.CBCS else {}
        _add(listed, "ContentKey", kid=kid_text(kid), commonEncryptionScheme=scheme.value, **constant)
    wanted = _add(root, "DRMSystemList")
    for system in systems:
        for kid, _ in kids.values():
            _add_system(wanted, system, system_ids[system], kid)
    _add_rules(root, {label: kid for label, (kid, _) in kids.items()})
    return _text(root)


def _add_system(wanted: etree._Element, system: DrmSystem, system_id: str, kid: bytes) -> None:
    """Empty elements, which the server fills in. FairPlay lives in HLS alone and has no box."""
    element = _add(wanted, "DRMSystem", kid=kid_text(kid), systemId=system_id)
    if system in _WITH_PSSH:
        _add(element, "PSSH")
        _add(element, "ContentProtectionData")
    _add(element, "HLSSignalingData", playlist="media")
    _add(element, "HLSSignalingData", playlist="master")


def _add_rules(root: etree._Element, kids: Mapping[Label, bytes]) -> None:
    rules = _add(root, "ContentKeyUsageRuleList")
    videos = [label for label in kids if label not in (Label.ALL, Label.AUDIO)]
    for label, kid in kids.items():
        rule = _add(rules, "ContentKeyUsageRule", kid=kid_text(kid), intendedTrackType=label.value)
        if label is not Label.AUDIO:
            bounds = _bounds(label) if len(videos) > 1 else {}
            _add(rule, "VideoFilter", **bounds)
        if label in (Label.ALL, Label.AUDIO):
            _add(rule, "AudioFilter")


def _bounds(label: Label) -> dict[str, str]:
    """Pixels of a label's pictures by the default ladder at 16:9. A description: what counts is the track type."""
    ladder = Ladder()
    heights = {Label.SD: ladder.max_sd_height, Label.HD: ladder.max_hd_height, Label.UHD1: ladder.max_uhd1_height}
    tops = {one: height * height * 16 // 9 for one, height in heights.items()}
    below = {Label.HD: Label.SD, Label.UHD1: Label.HD, Label.UHD2: Label.UHD1}.get(label)
    bounds = {"minPixels": str(tops[below] + 1)} if below else {}
    return bounds | ({"maxPixels": str(tops[label])} if label in tops else {})


def _root(content_id: str, version: str) -> etree._Element:
    names = {"cpix": CPIX, "pskc": PSKC, "ds": DS, "enc": ENC}
    try:
        return etree.Element(f"{{{CPIX}}}CPIX", {"contentId": content_id, "version": version}, nsmap=names)
    except ValueError:
        detail = "it holds a character that XML cannot."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field="content_id") from None


def _add(parent: etree._Element, name: str, namespace: str = CPIX, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{namespace}}}{name}", attributes)


def _text(root: etree._Element) -> str:
    xml: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return xml.decode()


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


# Reading


def read(xml: bytes) -> Document:
    """What `xml` says. Raises KEYS_REFUSED naming what cannot be read."""
    root = _parse(xml)
    if root.tag != f"{{{CPIX}}}CPIX":
        raise refused(f"the document is no CPIX document but <{etree.QName(root).localname}>.")
    keys = tuple(_read_key(element) for element in root.iterfind("cpix:ContentKeyList/cpix:ContentKey", _NS))
    for kid in (key.kid for key in keys):
        if [key.kid for key in keys].count(kid) > 1:
            raise refused(f"the document has two keys with KID {kid_text(kid)}.")
    return Document(
        content_id=root.get("contentId", ""),
        version=root.get("version", ""),
        keys=keys,
        systems=tuple(_read_system(element) for element in root.iterfind("cpix:DRMSystemList/cpix:DRMSystem", _NS)),
        labels=dict(_read_rules(root)),
        deliveries=tuple(
            _read_delivery(element) for element in root.iterfind("cpix:DeliveryDataList/cpix:DeliveryData", _NS)
        ),
    )


def _parse(xml: bytes) -> etree._Element:
    """The root element. No entity is expanded, no DTD read, nothing fetched; a DOCTYPE is refused outright."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise refused(f"the document is not well-formed XML: {error.msg}.") from None
    if root.getroottree().docinfo.doctype:
        raise refused("the document has a DOCTYPE, which CPIX has no use for.")
    return root


def _read_key(element: etree._Element) -> KeyElement:
    kid = _read_kid(element)
    where = f"ContentKey {kid_text(kid)}"
    secret = element.find("cpix:Data/pskc:Secret", _NS)
    iv = _decode(element.get("explicitIV", ""), f"explicitIV of {where}")
    return KeyElement(kid, element.get("commonEncryptionScheme", ""), iv, _read_secret(secret, where))


def _read_secret(secret: etree._Element | None, where: str) -> bytes | Encrypted | None:
    if secret is None:
        return None
    plain = secret.findtext("pskc:PlainValue", namespaces=_NS)
    if plain and plain.strip():
        return _decode(plain, f"PlainValue of {where}")
    encrypted = secret.find("pskc:EncryptedValue", _NS)
    if encrypted is None:
        return None
    mac = _decode(secret.findtext("pskc:ValueMAC", "", _NS), f"ValueMAC of {where}")
    return _read_encrypted(encrypted, mac, where)


def _read_encrypted(element: etree._Element, mac: bytes, where: str) -> Encrypted:
    method = element.find("enc:EncryptionMethod", _NS)
    value = _decode(element.findtext("enc:CipherData/enc:CipherValue", "", _NS), f"CipherValue of {where}")
    return Encrypted("" if method is None else method.get("Algorithm", ""), value, mac)


def _read_delivery(element: etree._Element) -> Delivery:
    """Writers differ in whether the MAC's key stands in an `EncryptedValue` or in `Key` itself."""
    document_key = _read_secret(element.find("cpix:DocumentKey/cpix:Data/pskc:Secret", _NS), "DocumentKey")
    method = element.find("cpix:MACMethod", _NS)
    mac_key = None if method is None else method.find("cpix:Key", _NS)
    if not isinstance(document_key, Encrypted) or method is None or mac_key is None:
        raise refused("DeliveryData has no encrypted DocumentKey with a MACMethod.")
    inner = mac_key.find("pskc:EncryptedValue", _NS)
    certificate = element.findtext("cpix:DeliveryKey/ds:X509Data/ds:X509Certificate", "", _NS)
    return Delivery(
        certificate=_decode(certificate, "X509Certificate"),
        document_key=document_key,
        mac_key=_read_encrypted(mac_key if inner is None else inner, b"", "MACMethod"),
        mac_algorithm=method.get("Algorithm", ""),
    )


def _read_system(element: etree._Element) -> SystemElement:
    kid = _read_kid(element)
    system_id = element.get("systemId", "").lower()
    where = f"DRMSystem {system_id} for {kid_text(kid)}"
    lines = {
        one.get("playlist", ""): _decode_text(one.text or "", f"HLSSignalingData of {where}")
        for one in element.iterfind("cpix:HLSSignalingData", _NS)
    }
    return SystemElement(
        kid=kid,
        system_id=system_id,
        pssh=_decode(element.findtext("cpix:PSSH", "", _NS), f"PSSH of {where}"),
        mpd=_decode_text(
            element.findtext("cpix:ContentProtectionData", "", _NS), f"ContentProtectionData of {where}"
        ).strip(),
        hls_media=lines.get("media", "").strip(),
        hls_master=lines.get("master", "").strip(),
    )


def _read_rules(root: etree._Element) -> Iterator[tuple[bytes, str]]:
    for rule in root.iterfind("cpix:ContentKeyUsageRuleList/cpix:ContentKeyUsageRule", _NS):
        yield _read_kid(rule), rule.get("intendedTrackType", "")


def _read_kid(element: etree._Element) -> bytes:
    text = element.get("kid", "")
    try:
        return uuid.UUID(text).bytes
    except ValueError:
        name = etree.QName(element).localname
        raise refused(f"a {name} has the kid {text[:60]!r}, which is no UUID.") from None


def _decode(text: str, where: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise refused(f"{where} is not Base64.") from None


def _decode_text(text: str, where: str) -> str:
    try:
        return _decode(text, where).decode()
    except UnicodeDecodeError:
        raise refused(f"{where} is not Base64 of UTF-8 text.") from None
