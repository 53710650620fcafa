"""Codec strings from decoder setups that real encoders wrote."""

import pytest

from telecine.media.codec_names import codec_name


@pytest.mark.parametrize(
    ("codec", "setup", "name"),
    [
        ("h264", "014d400dffe10017674d400d", "avc1.4d400d"),
        ("h264", "00000001674d400deca0a0cf", "avc1.4d400d"),
        ("h264", "0000000109f0000000016764001facd9", "avc1.64001f"),
        ("h264", "", "avc1"),
        ("hevc", "0101600000009000000000003cf000fcfd", "hvc1.1.6.L60.90"),
        ("hevc", "0102200000009000000000003cf000fcfd", "hvc1.2.4.L60.90"),
        ("hevc", "", "hvc1"),
        ("aac", "1190", "mp4a.40.2"),
        ("aac", "119056e500", "mp4a.40.2"),
        ("aac", "131056e598", "mp4a.40.5"),
        ("aac", "131056e59d4880", "mp4a.40.29"),
        ("aac", "2b118800", "mp4a.40.5"),
        ("aac", "eb098800", "mp4a.40.29"),
        ("aac", "", "mp4a"),
        ("ac3", "", "ac-3"),
        ("eac3", "", "ec-3"),
        ("opus", "", ""),
    ],
)
def test_codec_names(codec, setup, name):
    assert codec_name(codec, bytes.fromhex(setup)) == name
