"""How a key server of our tests is odd or wrong: each mode takes a right SPEKE answer and changes it.

A mode is a function here, whose name has underscores; `RAW` holds answers that are no documents.
"""

import base64
import os
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable

from tests.contract.keyserver_speke import (
    FAIRPLAY,
    FORMATS,
    WIDEVINE,
    XENC,
    C,
    D,
    E,
    P,
    b64,
    box,
    check,
    fill,
    fill_encrypted,
)

type Change = Callable[[ET.Element], None]
CHANGES: dict[str, Change] = {}
"""By mode; those after `encrypted-` want an encrypted answer."""


def mode(change: Change) -> Change:
    CHANGES[change.__name__.replace("_", "-")] = change
    return change


def first(root: ET.Element, name: str, space: str = C) -> ET.Element:
    return next(root.iter(f"{space}{name}"))


def drop(root: ET.Element, name: str, space: str = C) -> None:
    """Remove the first element of this name."""
    target = first(root, name, space)
    next(parent for parent in root.iter() if target in list(parent)).remove(target)


def retext(root: ET.Element, name: str, change: Callable[[str], str], space: str = C) -> None:
    """Change the Base64 text of the first element of this name."""
    element = first(root, name, space)
    element.text = b64(change(base64.b64decode(element.text).decode()))


@mode
def good(root): ...


@mode
def odd_but_right(root):
    """Elements, attributes and values outside the profile, which are to be ignored."""
    root.append(ET.Comment("made by hand"))
    ET.SubElement(root, f"{C}UpdateHistoryItemList")
    ET.SubElement(root, "{urn:vendor}Extra").text = "?"
    ET.SubElement(root, f"{D}Signature")
    first(root, "ContentKey").set("dependsOnKey", str(uuid.uuid4()))
    ET.SubElement(first(root, "ContentKeyUsageRule"), f"{C}BitrateFilter", minBitrate="1")
    ET.SubElement(first(root, "DRMSystem"), f"{C}SmoothStreamingProtectionHeaderData").text = "%%%"
    for key in root.iter(f"{C}ContentKey"):
        key.set("kid", key.get("kid").upper())
        value = first(key, "PlainValue", P)
        value.text = f"\n   {value.text[:9]}\n   {value.text[9:]}\n"
    for system in root.iter(f"{C}DRMSystem"):
        system.set("systemId", system.get("systemId").upper())


@mode
def without_signalling(root):
    for name in ("PSSH", "ContentProtectionData", "HLSSignalingData"):
        for element in root.iter(f"{C}{name}"):
            element.text = None


@mode
def own_iv(root):
    for key in root.iter(f"{C}ContentKey"):
        key.set("explicitIV", b64(b"the server's IV!"))


@mode
def other_key(root):
    first(root, "PlainValue", P).text = b64(os.urandom(16))


@mode
def wrong_kid(root):
    first(root, "ContentKey").set("kid", str(uuid.uuid4()))


@mode
def no_uuid(root):
    first(root, "ContentKey").set("kid", "key-1")


@mode
def extra_key(root):
    ET.SubElement(first(root, "ContentKeyList"), f"{C}ContentKey", kid=str(uuid.uuid4()), commonEncryptionScheme="cenc")


@mode
def double_key(root):
    listed = first(root, "ContentKeyList")
    listed.append(listed[0])


@mode
def missing_key(root):
    drop(root, "ContentKey")


@mode
def no_keys_at_all(root):
    drop(root, "ContentKeyList")


@mode
def no_secret(root):
    drop(root, "Data")


@mode
def empty_secret(root):
    first(root, "PlainValue", P).text = ""


@mode
def wrong_scheme(root):
    key = first(root, "ContentKey")
    key.set("commonEncryptionScheme", "cbcs" if key.get("commonEncryptionScheme") == "cenc" else "cenc")


@mode
def no_scheme(root):
    first(root, "ContentKey").attrib.pop("commonEncryptionScheme")


@mode
def not_base64(root):
    first(root, "PlainValue", P).text = "0123456789abcdef-_!"


@mode
def short_key(root):
    first(root, "PlainValue", P).text = b64(b"eight by")


@mode
def long_key(root):
    first(root, "PlainValue", P).text = b64(bytes(32))


@mode
def short_iv(root):
    for key in root.iter(f"{C}ContentKey"):
        key.set("explicitIV", b64(b"eight by"))


@mode
def wrong_version(root):
    root.set("version", "2.2")


@mode
def no_version(root):
    root.attrib.pop("version")


@mode
def wrong_content(root):
    root.set("contentId", "another")


@mode
def no_content(root):
    root.attrib.pop("contentId")


@mode
def no_rule(root):
    drop(root, "ContentKeyUsageRule")


@mode
def wrong_rule(root):
    first(root, "ContentKeyUsageRule").set("intendedTrackType", "8K")


@mode
def missing_system(root):
    drop(root, "DRMSystem")


@mode
def double_system(root):
    listed = first(root, "DRMSystemList")
    listed.append(listed[0])


@mode
def no_box(root):
    first(root, "PSSH").text = b64(b"no box at all, but longer than thirty-two bytes")


@mode
def foreign_box(root):
    first(root, "PSSH").text = b64(box(FAIRPLAY, b"x"))


@mode
def cut_box(root):
    first(root, "PSSH").text = b64(box(WIDEVINE, b"long data")[:-1])


@mode
def broken_mpd(root):
    retext(root, "ContentProtectionData", lambda text: text.replace("</", "<"))


@mode
def other_box_in_mpd(root):
    other = b64(box(WIDEVINE, b"other"))
    first(root, "ContentProtectionData").text = b64(f'<pssh xmlns="urn:mpeg:cenc:2013">{other}</pssh>')


@mode
def binary_mpd(root):
    first(root, "ContentProtectionData").text = b64(b"\xff\xfe\x00")


@mode
def clear_line(root):
    retext(root, "HLSSignalingData", lambda text: text.replace("METHOD=SAMPLE-AES-CTR", "METHOD=NONE").replace("METHOD=SAMPLE-AES,", "METHOD=NONE,"))  # fmt: skip # noqa: E501


@mode
def whole_segment_line(root):
    retext(root, "HLSSignalingData", lambda text: text.replace("SAMPLE-AES-CTR", "AES-128").replace("SAMPLE-AES,", "AES-128,"))  # fmt: skip # noqa: E501


@mode
def foreign_line(root):
    retext(root, "HLSSignalingData", lambda text: text.replace(FORMATS[WIDEVINE], FORMATS[FAIRPLAY]))


@mode
def line_without_uri(root):
    retext(root, "HLSSignalingData", lambda text: text.replace("URI=", "X-URI="))


@mode
def two_lines(root):
    retext(root, "HLSSignalingData", lambda text: f"{text}\n#EXT-X-ENDLIST")


@mode
def media_line_in_master(root):
    listed = first(root, "DRMSystem").findall(f"{C}HLSSignalingData")
    listed[1].text = listed[0].text


@mode
def lines_that_differ(root):
    retext(root, "HLSSignalingData", lambda text: text.replace('VERSIONS="1"', 'VERSIONS="2"'))


@mode
def encrypted_good(root): ...


@mode
def encrypted_wrong_mac(root):
    element = first(root, "ContentKey").find(f"{C}Data/{P}Secret/{P}ValueMAC")
    element.text = b64(bytes(64))


@mode
def encrypted_no_mac(root):
    secret = first(root, "ContentKey").find(f"{C}Data/{P}Secret")
    secret.remove(secret.find(f"{P}ValueMAC"))


@mode
def encrypted_changed(root):
    element = first(root, "ContentKey").find(f".//{E}CipherValue")
    raw = bytearray(base64.b64decode(element.text))
    raw[20] ^= 1
    element.text = b64(bytes(raw))


@mode
def encrypted_other_cipher(root):
    first(root, "ContentKey").find(f".//{E}EncryptionMethod").set("Algorithm", f"{XENC}aes128-cbc")


@mode
def encrypted_rsa_15(root):
    first(root, "DocumentKey").find(f".//{E}EncryptionMethod").set("Algorithm", f"{XENC}rsa-1_5")


@mode
def encrypted_to_somebody_else(root):
    first(root, "DocumentKey").find(f".//{E}CipherValue").text = b64(os.urandom(256))


@mode
def encrypted_weak_mac(root):
    first(root, "MACMethod").set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")


@mode
def encrypted_no_delivery(root):
    drop(root, "DeliveryData")


@mode
def encrypted_no_document_key(root):
    drop(root, "DocumentKey")


@mode
def encrypted_but_one_plain(root):
    secret = first(root, "ContentKey").find(f"{C}Data/{P}Secret")
    for child in list(secret):
        secret.remove(child)
    ET.SubElement(secret, f"{P}PlainValue").text = b64(os.urandom(16))


RAW = {
    "html": b"<html><body>Welcome</body></html>",
    "not-xml": b"no xml",
    "empty": b"",
    "cut": b'<?xml version="1.0"?><cpix:CPIX xmlns:cpix="urn:dashif:org:cpix">',
    "doctype": b'<!DOCTYPE x [<!ENTITY a "aa">]><CPIX xmlns="urn:dashif:org:cpix" contentId="&a;" version="2.3"/>',
    "bomb": b"<!DOCTYPE x [<!ENTITY a 'ha'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (c, b"&%c;" % (c - 1) * 10) for c in range(98, 110))
    + b"]><x>&m;</x>",
    "huge": b"<x>" + b" " * 2**21 + b"</x>",
}
"""Answers that are no documents."""


def answer_speke(name: str, headers: dict[str, str], body: bytes) -> bytes:
    root = ET.fromstring(body)
    check(root, headers)
    if name in RAW:
        return RAW[name]
    if name.startswith("encrypted-"):
        fill_encrypted(root, mac_key_within=name != "encrypted-other-form")
    else:
        fill(root)
    CHANGES.get(name, good)(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)
