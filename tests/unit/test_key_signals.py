"""What key servers want said: which of it is taken as it came, although it could be written better."""

from base64 import b64encode

import pytest

from telecine.core.drm import SYSTEM_IDS, DrmSystem, Scheme
from telecine.core.errors import ErrorKind, TelecineError
from telecine.keys.cpix import SystemElement
from telecine.keys.signals import checked_signal, pssh_box

KID = bytes(range(16))
WIDEVINE = SYSTEM_IDS[DrmSystem.WIDEVINE]
BOX = pssh_box(WIDEVINE, b"data")


def element(mpd: str) -> SystemElement:
    return SystemElement(KID, WIDEVINE, BOX, mpd, "", "")


@pytest.mark.parametrize("mpd", ["<cenc:pssh>{}</cenc:pssh>", '<x:pssh xmlns:x="urn:mpeg:cenc:2013">{}</x:pssh>'])
def test_the_usual_prefixes_need_no_declaration(mpd):
    written = mpd.format(b64encode(BOX).decode())
    assert checked_signal(element(written), DrmSystem.WIDEVINE, Scheme.CENC).mpd == written


@pytest.mark.parametrize("mpd", ["<cenc:pssh>AAAA</cenc:pssh>", "<odd:pssh/>", "<cenc:pssh>"])
def test_another_box_and_what_is_no_xml_are_refused(mpd):
    with pytest.raises(TelecineError) as caught:
        checked_signal(element(mpd), DrmSystem.WIDEVINE, Scheme.CENC)
    assert caught.value.kind is ErrorKind.KEYS_REFUSED
