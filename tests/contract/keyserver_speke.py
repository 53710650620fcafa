"""SPEKE 2 as a key server of our tests speaks it: what a request must be, and a right answer to it.

It shares no code with what it tests. What it refuses are the negative cases of the AWS verification suite.
"""

import base64
import hashlib
import hmac
import os
import struct
import uuid
import xml.etree.ElementTree as ET

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
PLAYREADY = "9a04f079-9840-4286-ab92-e65be0885f95"
FAIRPLAY = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2"
C, P = "{urn:dashif:org:cpix}", "{urn:ietf:params:xml:ns:keyprov:pskc}"
D, E = "{http://www.w3.org/2000/09/xmldsig#}", "{http://www.w3.org/2001/04/xmlenc#}"
XENC = "http://www.w3.org/2001/04/xmlenc#"
FORMATS = {
    WIDEVINE: f"urn:uuid:{WIDEVINE}",
    PLAYREADY: "com.microsoft.playready",
    FAIRPLAY: "com.apple.streamingkeydelivery",
}


class Refusal(Exception):
    """The request is not what the specification says."""


def key_of(content_id: str, kid: bytes) -> bytes:
    """The key that these servers give: the same again for the same content and KID."""
    return hashlib.sha256(b"key" + content_id.encode() + kid).digest()[:16]


def b64(value: bytes | str) -> str:
    return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()


def box(system_id: str, data: bytes) -> bytes:
    head = struct.pack(">I4sI16sI", 32 + len(data), b"pssh", 0, uuid.UUID(system_id).bytes, len(data))
    return head + data


def check(root: ET.Element, headers: dict[str, str]) -> None:
    versions = {"2.0": "2.3", "2.1": "2.4"}
    speke = headers.get("x-speke-version", "")
    if speke not in versions:
        raise Refusal("Unsupported SPEKE version")
    if not headers.get("content-type", "").startswith("application/xml"):
        raise Refusal("Wrong Content-Type")
    if root.tag != f"{C}CPIX" or not root.get("contentId") or root.get("id"):
        raise Refusal("Missing CPIX@contentId")
    if root.get("version") != versions[speke]:
        raise Refusal("Unsupported CPIX@version")
    for name in ("ContentKeyList", "DRMSystemList", "ContentKeyUsageRuleList"):
        if len(root.findall(f"{C}{name}")) != 1 or not len(root.find(f"{C}{name}")):
            raise Refusal(f"Missing {name}")
    kids = [str(uuid.UUID(key.get("kid"))) for key in root.iter(f"{C}ContentKey")]
    if len(set(kids)) != len(kids):
        raise Refusal("Two keys with one kid")
    schemes = {key.get("commonEncryptionScheme") for key in root.iter(f"{C}ContentKey")}
    if len(schemes) != 1 or not schemes <= {"cenc", "cbcs"}:
        raise Refusal("Non compliant ContentKey@commonEncryptionScheme combination")
    check_systems(root, kids, schemes.pop())
    check_rules(root, kids)


def check_systems(root: ET.Element, kids: list[str], scheme: str) -> None:
    for system in root.iter(f"{C}DRMSystem"):
        system_id = system.get("systemId", "")
        if system.get("kid") not in kids or system_id not in FORMATS:
            raise Refusal("Unknown DRMSystem")
        if system_id == FAIRPLAY and (scheme == "cenc" or system.find(f"{C}PSSH") is not None):
            raise Refusal("FairPlay has no cenc and no PSSH")
        if {one.get("playlist") for one in system.iter(f"{C}HLSSignalingData")} != {"media", "master"}:
            raise Refusal("HLSSignalingData for media and master")


def check_rules(root: ET.Element, kids: list[str]) -> None:
    rules = list(root.iter(f"{C}ContentKeyUsageRule"))
    types = [rule.get("intendedTrackType") for rule in rules]
    if sorted(rule.get("kid") for rule in rules) != sorted(kids) or not all(types) or len(set(types)) != len(types):
        raise Refusal("One ContentKeyUsageRule with its own intendedTrackType for every key")
    for rule, kind in zip(rules, types, strict=True):
        video, audio = rule.findall(f"{C}VideoFilter"), rule.findall(f"{C}AudioFilter")
        bare = [len(video), len(audio), len(rules)] == [1, 1, 1] and not video[0].attrib and not audio[0].attrib
        if kind == "ALL" and not bare:
            raise Refusal("ALL is alone, with both filters and nothing in them")
        if kind != "ALL" and len(video) + len(audio) != 1:
            raise Refusal("One filter for one kind of track")


def fill(root: ET.Element, document_key: bytes = b"", mac_key: bytes = b"") -> None:
    """Put keys and signalling into the request's own elements, as servers do."""
    for key in root.iter(f"{C}ContentKey"):
        secret = ET.SubElement(ET.SubElement(key, f"{C}Data"), f"{P}Secret")
        value = key_of(root.get("contentId"), uuid.UUID(key.get("kid")).bytes)
        if document_key:
            put_encrypted(secret, f"{XENC}aes256-cbc", encrypt(document_key, value), mac_key)
        else:
            ET.SubElement(secret, f"{P}PlainValue").text = b64(value)
    scheme = root.find(f".//{C}ContentKey").get("commonEncryptionScheme")
    for system in root.iter(f"{C}DRMSystem"):
        signal(system, scheme)


def signal(system: ET.Element, scheme: str) -> None:
    system_id, kid = system.get("systemId"), uuid.UUID(system.get("kid"))
    pssh = b64(box(system_id, b"about " + kid.bytes))
    if (element := system.find(f"{C}PSSH")) is not None:
        element.text = pssh
    if (element := system.find(f"{C}ContentProtectionData")) is not None:
        inside = f'<cenc:pssh xmlns:cenc="urn:mpeg:cenc:2013">{pssh}</cenc:pssh>'
        pro = '<mspr:pro xmlns:mspr="urn:microsoft:playready">AAA=</mspr:pro>' if system_id == PLAYREADY else ""
        element.text = b64(pro + inside)
    method = "SAMPLE-AES" if scheme == "cbcs" else "SAMPLE-AES-CTR"
    uri = f"skd://{kid}" if system_id == FAIRPLAY else f"data:text/plain;base64,{pssh}"
    for element in system.iter(f"{C}HLSSignalingData"):
        tag = "KEY" if element.get("playlist") == "media" else "SESSION-KEY"
        line = f'#EXT-X-{tag}:METHOD={method},URI="{uri}",KEYFORMAT="{FORMATS[system_id]}",KEYFORMATVERSIONS="1"'
        element.text = b64(line)


def encrypt(key: bytes, value: bytes) -> bytes:
    iv = os.urandom(16)
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return iv + encryptor.update(padder.update(value) + padder.finalize()) + encryptor.finalize()


def put_encrypted(parent: ET.Element, algorithm: str, value: bytes, mac_key: bytes) -> None:
    element = ET.SubElement(parent, f"{P}EncryptedValue")
    ET.SubElement(element, f"{E}EncryptionMethod").set("Algorithm", algorithm)
    ET.SubElement(ET.SubElement(element, f"{E}CipherData"), f"{E}CipherValue").text = b64(value)
    ET.SubElement(parent, f"{P}ValueMAC").text = b64(hmac.new(mac_key, value, "sha512").digest())


def fill_encrypted(root: ET.Element, mac_key_within: bool = True) -> None:
    """The same, encrypted to the certificate in the request."""
    delivery = root.find(f"{C}DeliveryDataList/{C}DeliveryData")
    if delivery is None:
        raise Refusal("Keys are given encrypted only")
    text = delivery.findtext(f"{C}DeliveryKey/{D}X509Data/{D}X509Certificate")
    public = x509.load_der_x509_certificate(base64.b64decode(text)).public_key()
    oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    document_key, mac_key = os.urandom(32), os.urandom(64)
    holder = ET.SubElement(delivery, f"{C}DocumentKey", Algorithm=f"{XENC}aes256-cbc")
    secret = ET.SubElement(ET.SubElement(holder, f"{C}Data"), f"{P}Secret")
    put_encrypted(secret, f"{XENC}rsa-oaep-mgf1p", public.encrypt(document_key, oaep), mac_key)
    method = ET.SubElement(delivery, f"{C}MACMethod", Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha512")
    key = ET.SubElement(method, f"{C}Key")
    put_encrypted(key, f"{XENC}rsa-oaep-mgf1p", public.encrypt(mac_key, oaep), mac_key)
    if not mac_key_within:  # some writers have the parts of the encrypted value in Key itself
        for part in list(key[0]):
            key.append(part)
        key.remove(key[0])
    fill(root, document_key, mac_key)
