"""What can be made: containers, codecs, profiles, pixel formats, sizes and rates, each table once.

Containers and codecs are those of the document with the combinations of its Java client, widened or narrowed by what
FFmpeg 9 was seen to write and a second tool to read. Wider: XDCAM in mov (tags xd5b, xd5c, …), ProRes (SMPTE RDD 44)
and FFV1 (RFC 9043) in mxf, MPEG-2 in mp4 (object type 0x60 of ISO/IEC 14496-1). Refused: HEVC in mxf, which FFmpeg does
not write; ProRes, DNxHD and FFV1 in mp4 and mts, which are private data there that players do not know.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from telecine.core.enhance.options import Chroma, Codec, Container, DnxProfile, ProresProfile
from telecine.core.rates import NTSC

CODECS: Mapping[Container, tuple[Codec, ...]] = {
    Container.MOV: tuple(Codec),
    Container.MXF: (Codec.H264, Codec.PRORES, Codec.DNXHD, Codec.XDCAM, Codec.MPEG2, Codec.FFV1),
    Container.MP4: (Codec.H264, Codec.HEVC, Codec.MPEG2),
    Container.MTS: (Codec.H264, Codec.HEVC, Codec.MPEG2),
}
"""Codecs that each container takes."""

USUAL_CODEC: Mapping[Container, Codec] = {
    Container.MOV: Codec.H264,
    Container.MXF: Codec.DNXHD,
    Container.MP4: Codec.H264,
    Container.MTS: Codec.H264,
}
"""What a container gets where the source's codec cannot be kept."""

USUAL_CONTAINER: Mapping[Codec, Container] = {
    Codec.H264: Container.MP4,
    Codec.PRORES: Container.MOV,
    Codec.DNXHD: Container.MOV,
    Codec.XDCAM: Container.MXF,
    Codec.HEVC: Container.MP4,
    Codec.MPEG2: Container.MTS,
    Codec.FFV1: Container.MOV,
}
"""Where a codec goes if the source's container cannot be kept."""


class Format(NamedTuple):
    """A pixel format: subsampling and bits of a sample."""

    chroma: Chroma
    bits: int

    def __str__(self) -> str:
        """`4:2:2 10 bit`."""
        return f"{self.chroma} {self.bits} bit"


_DEEP = (8, 10, 12, 14, 16)
_MAIN = (Chroma.C420, Chroma.C422, Chroma.C444)


def _each(chromas: tuple[Chroma, ...], depths: tuple[int, ...]) -> tuple[Format, ...]:
    return tuple(Format(chroma, bits) for chroma in chromas for bits in depths)


PERMITTED: Mapping[Chroma, tuple[int, ...]] = {
    Chroma.C410: (8,),
    Chroma.C411: (8,),
    Chroma.C420: _DEEP,
    Chroma.C422: _DEEP,
    Chroma.C440: (8, 10, 12),
    Chroma.C444: _DEEP,
}
"""Bits that the API knows for each subsampling, whatever the codec."""

_FORMATS: Mapping[Codec, tuple[Format, ...]] = {
    Codec.H264: _each(_MAIN, (8, 10)),
    Codec.HEVC: _each(_MAIN, (8, 10, 12)),
    Codec.MPEG2: _each((Chroma.C420, Chroma.C422), (8,)),
    Codec.XDCAM: _each((Chroma.C422,), (8,)),
    Codec.FFV1: tuple(Format(chroma, bits) for chroma, depths in PERMITTED.items() for bits in depths),
}

_DNX_FORMATS: Mapping[DnxProfile, Format] = {
    DnxProfile.DNXHD_LB: Format(Chroma.C422, 8),
    DnxProfile.DNXHD_SQ: Format(Chroma.C422, 8),
    DnxProfile.DNXHD_HQ: Format(Chroma.C422, 8),
    DnxProfile.DNXHD_HQX: Format(Chroma.C422, 10),
    DnxProfile.DNXHR_LB: Format(Chroma.C422, 8),
    DnxProfile.DNXHR_SQ: Format(Chroma.C422, 8),
    DnxProfile.DNXHR_HQ: Format(Chroma.C422, 8),
    DnxProfile.DNXHR_HQX: Format(Chroma.C422, 10),
    DnxProfile.DNXHR_444: Format(Chroma.C444, 10),
}

PROMISED: Mapping[DnxProfile, Format] = {
    DnxProfile.DNXHD_444: Format(Chroma.C444, 10),
    DnxProfile.DNXHR_HQX: Format(Chroma.C422, 12),
    DnxProfile.DNXHR_444: Format(Chroma.C444, 12),
}
"""What the document says of profiles that FFmpeg encodes otherwise: 10 bit only, and `dnxhd_444` not at all."""

REPLACED: Mapping[DnxProfile, DnxProfile] = {DnxProfile.DNXHD_444: DnxProfile.DNXHR_444}
"""Profiles that no encoder here has, and what is made instead."""

FOUR = (ProresProfile.FOUR, ProresProfile.FOUR_XQ)
"""Profiles of ProRes with full chroma."""


def formats(codec: Codec, prores: ProresProfile | None, dnx: DnxProfile | None) -> tuple[Format, ...]:
    """Pixel formats that can be encoded. `prores` and `dnx` are the profile of their codecs and must be known."""
    if codec == Codec.PRORES:
        return (Format(Chroma.C444 if prores in FOUR else Chroma.C422, 10),)
    if codec == Codec.DNXHD:
        assert dnx is not None
        return (_DNX_FORMATS[dnx],)
    return _FORMATS[codec]


INTRA = frozenset({Codec.PRORES, Codec.DNXHD, Codec.FFV1})
"""Codecs in which every frame stands alone, and in which the profile decides the bitrate (FFV1 loses nothing)."""

XDCAM_BITRATE = 50_000_000
"""Bits per second of XDCAM HD422: SMPTE RDD 9."""

_FILM = (NTSC[0], Fraction(24))
_LOW = (*_FILM, Fraction(25), NTSC[1], Fraction(30))
_HIGH = (Fraction(50), NTSC[3], Fraction(60))

MPEG2_RATES = (*_LOW, *_HIGH)
"""Frames per second that MPEG-2 has a code for: ISO/IEC 13818-2 table 6-4."""

MXF_RATES = (*_LOW, NTSC[2], Fraction(48), *_HIGH, Fraction(120))
"""Frames per second that the MXF writer takes."""


class Raster(NamedTuple):
    """A size and scan that a codec with fixed ones knows."""

    width: int
    height: int
    interlaced: bool


_P1080, _I1080, _P720 = Raster(1920, 1080, False), Raster(1920, 1080, True), Raster(1280, 720, False)

XDCAM_RATES: Mapping[Raster, tuple[Fraction, ...]] = {
    _P1080: (NTSC[0], Fraction(24), Fraction(25), NTSC[1]),
    _I1080: (Fraction(25), NTSC[1]),
    _P720: (NTSC[0], Fraction(24), Fraction(25), NTSC[1], Fraction(50), NTSC[3]),
}
"""Frames per second of XDCAM HD422 by raster, as far as its tags (xd5b to xd5f, xd54, xd55, …) go."""

DNXHR_LEAST = (256, 120)
"""Width and height of the smallest picture of DNxHR."""

MPEG2_BITRATES: Mapping[Chroma, int] = {Chroma.C420: 80_000_000, Chroma.C422: 300_000_000}
"""Most bits per second of MPEG-2: main and 4:2:2 profile at high level, ISO/IEC 13818-2 table 8-13 and annex E."""

MPEG2_MOST = (1920, 1152)
"""Width and height of the largest picture of MPEG-2: high level, ISO/IEC 13818-2 table 8-11."""

AUDIO: Mapping[Container, tuple[str, ...]] = {
    Container.MOV: ("aac", "ac3", "eac3", "alac", "mp3"),
    Container.MP4: ("aac", "ac3", "eac3", "alac", "mp3", "opus", "flac"),
    Container.MTS: ("aac", "ac3", "eac3", "mp2", "mp3"),
    Container.MXF: (),
}
"""Audio codecs, besides PCM, that each container takes as they are."""

PCM: Mapping[Container, tuple[str, ...]] = {
    Container.MOV: ("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le"),
    Container.MP4: (),
    Container.MTS: (),
    Container.MXF: ("pcm_s16le", "pcm_s24le"),
}
"""PCM that each container takes as it is."""
