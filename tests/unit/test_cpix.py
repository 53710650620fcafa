"""CPIX documents without any server: written, read, and refused where a key could be misread."""

import base64

import pytest

from telecine.core.drm import ContentKey, Label, Scheme
from telecine.core.errors import ErrorKind, TelecineError
from telecine.keys.cpix import read, write_keys
from telecine.keys.cpix_secrets import belongs, load_private_key, new_key_pair
from telecine.keys.fixed import FixedKeys
from telecine.keys.signals import box_system, pssh_box

WIDEVINE = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"
KIDS = {label: (number + 1).to_bytes() * 16 for number, label in enumerate(Label)}
KEYS = [ContentKey(label, kid, kid[:8] + b"secret  ", b"i" * 16) for label, kid in KIDS.items()]
SD = "02020202-0202-0202-0202-020202020202"

# As the packager of another house would be sent it: other prefixes, other order, keys for cbcs only.
FOREIGN = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<CPIX xmlns="urn:dashif:org:cpix" xmlns:k="urn:ietf:params:xml:ns:keyprov:pskc" contentId="film" version="2.3">
  <ContentKeyUsageRuleList>
    <ContentKeyUsageRule intendedTrackType="SD" kid="{SD.upper()}"><VideoFilter maxPixels="1"/></ContentKeyUsageRule>
  </ContentKeyUsageRuleList>
  <DRMSystemList>
    <DRMSystem kid="{SD}" systemId="{WIDEVINE.upper()}">
      <PSSH>{base64.b64encode(pssh_box(WIDEVINE, b"about")).decode()}</PSSH>
    </DRMSystem>
    <DRMSystem kid="{SD}" systemId="00000000-0000-0000-0000-000000000000"><PSSH>AAAA</PSSH></DRMSystem>
  </DRMSystemList>
  <ContentKeyList>
    <ContentKey kid="{SD}" explicitIV="{base64.b64encode(b"i" * 16).decode()}" commonEncryptionScheme="cbcs">
      <Data><k:Secret><k:PlainValue> {base64.b64encode(b"s" * 16).decode()} </k:PlainValue></k:Secret></Data>
    </ContentKey>
  </ContentKeyList>
</CPIX>"""


def refusal(call):
    with pytest.raises(TelecineError) as caught:
        call()
    assert caught.value.kind is ErrorKind.KEYS_REFUSED
    return caught.value.detail


def test_keys_that_are_written_are_read_again():
    source = FixedKeys.from_cpix(write_keys("film & <more>", KEYS).encode())
    for scheme in Scheme:
        assert list(source.keys_for("any", list(Label), scheme).values()) == KEYS
    assert source.key(KIDS[Label.HD]) == KEYS[2]
    assert source.key(b"?" * 16) is None


def test_a_written_document_says_what_its_readers_need():
    document = read(write_keys("film & <more>", KEYS, "2.4").encode())
    assert (document.content_id, document.version) == ("film & <more>", "2.4")
    assert document.labels == {kid: label.value for label, kid in KIDS.items()}
    assert "secret" not in repr(document)


def test_a_document_of_another_hand_is_read():
    source = FixedKeys.from_cpix(FOREIGN.encode())
    (key,) = source.keys_for("film", [Label.SD], Scheme.CBCS).values()
    assert (key.label, key.kid, key.key, key.iv) == (Label.SD, KIDS[Label.SD], b"s" * 16, b"i" * 16)
    (signal,) = key.signals
    assert (signal.system_id, box_system(signal.pssh)) == (WIDEVINE, WIDEVINE)


def test_keys_are_given_for_what_they_are_for():
    source = FixedKeys.from_cpix(FOREIGN.encode())
    assert "for cbcs alone" in refusal(lambda: source.keys_for("film", [Label.SD], Scheme.CENC))
    missing = refusal(lambda: source.keys_for("film", [Label.HD, Label.AUDIO, Label.SD], Scheme.CBCS))
    assert missing == "there is none for HD, AUDIO among those given."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('intendedTrackType="SD"', 'intendedTrackType="VIDEO"', "track type 'VIDEO'; it must be one of ALL, SD"),
        ("ContentKeyUsageRule ", "OtherRule ", "not well-formed"),
        (f'"SD" kid="{SD}"', '"SD" kid="00000000-0000-0000-0000-000000000000"', "track type ''"),
        ('"cbcs"', '"cbc1"', "scheme 'cbc1'; cenc and cbcs are known"),
        ("k:PlainValue", "k:Other", "is not given in plain"),
        (base64.b64encode(b"s" * 16).decode(), "AAAA", "does not have 16 bytes"),
        (base64.b64encode(b"i" * 16).decode(), "AAAA", "does not have 16 bytes"),
        (base64.b64encode(b"i" * 16).decode(), "???", "explicitIV of ContentKey"),
        (base64.b64encode(pssh_box(WIDEVINE, b"about")).decode(), "AAAA", "no `pssh` box of that system"),
        ("<ContentKeyList>", "<List>", "not well-formed"),
        ("urn:dashif:org:cpix", "urn:other", "no CPIX document but <CPIX>"),
        ("<!-- a comment -->", '<!DOCTYPE CPIX SYSTEM "http://127.0.0.1:1/x.dtd">', "DOCTYPE"),
        ("<!-- a comment -->", "<!DOCTYPE CPIX [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>", "DOCTYPE"),
    ],
)
def test_what_could_be_misread_is_refused(old, new, said):
    changed = FOREIGN.replace(old, new)
    assert changed != FOREIGN
    assert said in refusal(lambda: FixedKeys.from_cpix(changed.encode()))


def test_a_document_must_hold_keys_one_for_each_label():
    assert "no ContentKey" in refusal(lambda: FixedKeys.from_cpix(write_keys("film", []).encode()))
    twice = write_keys("film", KEYS).replace('"HD"', '"SD"')
    assert "two keys for one track type" in refusal(lambda: FixedKeys.from_cpix(twice.encode()))
    same = [ContentKey(label, b"1" * 16, b"s" * 16) for label in (Label.SD, Label.HD)]
    assert "two keys with KID" in refusal(lambda: FixedKeys.from_cpix(write_keys("film", same).encode()))


def test_documents_in_other_encodings_are_read_and_their_doctype_found():
    xml = write_keys("film", KEYS).replace("encoding='UTF-8'", "encoding='UTF-16'")
    assert len(read(xml.encode("utf-16")).keys) == len(KEYS)
    hidden = xml.replace("?>", "?><!DOCTYPE CPIX>", 1)
    assert "DOCTYPE" in refusal(lambda: read(hidden.encode("utf-16")))


@pytest.mark.parametrize("raw", [b"", b"\0", b"\xff\xfe", b"{}", b"<" * 10_000, b"<a>" * 100_000])
def test_what_is_no_xml_is_refused(raw):
    assert "not well-formed XML" in refusal(lambda: read(raw))


def test_a_box_is_told_from_what_is_none():
    box = pssh_box(WIDEVINE, b"data")
    assert box[4:8] == b"pssh"
    assert int.from_bytes(box[:4]) == len(box) == 36
    assert box_system(box) == WIDEVINE
    for wrong in (b"", box[:-1], box + b"\0", box[:4] + b"moov" + box[8:]):
        assert box_system(wrong) == ""


def test_a_key_pair_is_one():
    private, certificate = new_key_pair("telecine")
    assert load_private_key(private).key_size == 2048
    assert belongs(certificate, private)
    assert not belongs(certificate, new_key_pair("other")[0])
    for wrong in ("", "no PEM", certificate):
        with pytest.raises(ValueError):
            load_private_key(wrong)
