"""What manifests say of a key, system by system, and what they leave to a key server's own words."""

import re
from base64 import b64decode, b64encode

import pytest
from lxml import etree
from tests.keys import known_key

from telecine.core.drm import SYSTEM_IDS, ContentKey, DrmSystem, Label, Scheme, Signal, Signalling
from telecine.media.drm_signals import Marks

KEY = known_key("film", Label.HD)
KID = KEY.kid.hex()


def marks(scheme: Scheme = Scheme.CBCS, key: ContentKey = KEY, **house: object) -> Marks:
    return Marks(key, scheme, "film/ä", Signalling(**house))


def formats(lines: list[str]) -> list[str]:
    return [re.search(r'KEYFORMAT="([^"]+)"', line)[1] for line in lines]


def test_hls_names_each_system_once_and_fairplay_first():
    lines = marks().key_lines()
    assert formats(lines) == [
        "com.apple.streamingkeydelivery",
        "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
        "com.microsoft.playready",
        "org.w3.clearkey",
    ]
    assert all(line.startswith("#EXT-X-KEY:METHOD=SAMPLE-AES,") for line in lines)
    assert f'URI="skd://film%2F%C3%A4?kid={KID}"' in lines[0]
    assert all(f"KEYID=0x{KID}" in line for line in lines[1:])
    session = marks().session_lines()
    assert [line.replace("SESSION-KEY", "KEY") for line in session] == lines


def test_fairplay_does_not_know_counter_mode():
    lines = marks(Scheme.CENC).key_lines()
    assert "com.apple.streamingkeydelivery" not in formats(lines)
    assert all("METHOD=SAMPLE-AES-CTR," in line for line in lines)


def test_in_transport_streams_fairplay_stands_alone_with_its_iv():
    (line,) = marks().key_lines(transport_stream=True)
    assert formats([line]) == ["com.apple.streamingkeydelivery"]
    assert line.endswith(f",IV=0x{KEY.iv.hex()}")


def fairplay(line: str) -> ContentKey:
    """The key with a line of a key server's own."""
    return ContentKey(
        KEY.label, KEY.kid, KEY.key, KEY.iv, (Signal(SYSTEM_IDS[DrmSystem.FAIRPLAY], hls_media=line, hls_master=line),)
    )


THEIRS = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://theirs",KEYFORMAT="com.apple.streamingkeydelivery"'


def test_a_key_servers_line_gets_the_iv_where_nothing_else_tells_it():
    assert marks(key=fairplay(THEIRS)).key_lines(transport_stream=True) == [f"{THEIRS},IV=0x{KEY.iv.hex()}"]
    assert marks(key=fairplay(THEIRS)).key_lines()[0] == THEIRS, "in MP4 the boxes tell it"
    told = f"{THEIRS},IV=0x{'ab' * 16}"
    assert marks(key=fairplay(told)).key_lines(transport_stream=True) == [told]


def test_the_data_in_playlists_is_what_init_segments_hold():
    _, widevine, playready, clearkey = marks().key_lines()
    assert b64decode(re.search(r'base64,([^"]+)"', widevine)[1]) == marks().pssh(DrmSystem.WIDEVINE)
    assert b64decode(re.search(r'base64,([^"]+)"', clearkey)[1]) == KEY.kid
    header = b64decode(re.search(r'charset=UTF-16;base64,([^"]+)"', playready)[1])
    assert marks().pssh(DrmSystem.PLAYREADY).endswith(header)


def test_only_the_systems_of_the_house_are_named():
    few = marks(systems=("widevine",))
    assert formats(few.key_lines()) == ["urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"]
    assert few.boxes() == few.pssh(DrmSystem.WIDEVINE)
    schemes = [element.get("schemeIdUri") for element in few.elements()]
    assert schemes == ["urn:mpeg:dash:mp4protection:2011", "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"]


@pytest.mark.parametrize("scheme", Scheme)
def test_an_mpd_says_scheme_and_key_id_first(scheme: Scheme):
    first = marks(scheme).elements()[0]
    assert (first.get("schemeIdUri"), first.get("value")) == ("urn:mpeg:dash:mp4protection:2011", scheme.value)
    assert first.get("{urn:mpeg:cenc:2013}default_KID").replace("-", "") == KID


def test_an_mpd_tells_browsers_where_clearkey_licences_are():
    clearkey = marks(clearkey_url="https://films.example/licence/clearkey").elements()[-1]
    assert clearkey.get("schemeIdUri") == "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e"
    assert clearkey.get("value") == "ClearKey1.0"
    address = clearkey.find("{https://dashif.org/CPS}Laurl")
    assert (address.text, address.get("licenseType")) == ("https://films.example/licence/clearkey", "EME-1.0")


def test_a_key_servers_own_words_come_first():
    system = SYSTEM_IDS[DrmSystem.WIDEVINE]
    theirs = Signal(
        system,
        pssh=b"their box",
        mpd="<cenc:pssh>dGhlaXJz</cenc:pssh>",
        hls_media='#EXT-X-KEY:METHOD=SAMPLE-AES,URI="theirs",KEYFORMAT="urn:uuid:edef8ba9"\n',
        hls_master='#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="theirs"',
    )
    told = marks(key=ContentKey(KEY.label, KEY.kid, KEY.key, KEY.iv, (theirs,)))
    assert told.pssh(DrmSystem.WIDEVINE) == b"their box"
    assert told.key_lines()[1] == '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="theirs",KEYFORMAT="urn:uuid:edef8ba9"'
    assert told.session_lines()[1] == '#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="theirs"'
    element = next(one for one in told.elements() if one.get("schemeIdUri") == f"urn:uuid:{system}")
    assert element.findtext("{urn:mpeg:cenc:2013}pssh") == "dGhlaXJz"
    ours = marks().elements()
    playready = next(one for one in told.elements() if one.get("value") == "MSPR 2.0")
    assert etree.tostring(playready) == etree.tostring(next(one for one in ours if one.get("value") == "MSPR 2.0"))


def test_a_box_alone_is_used_everywhere():
    given = Signal(SYSTEM_IDS[DrmSystem.WIDEVINE], pssh=b"their box")
    told = marks(key=ContentKey(KEY.label, KEY.kid, KEY.key, KEY.iv, (given,)))
    assert f"base64,{b64encode(b'their box').decode()}" in told.key_lines()[1]
