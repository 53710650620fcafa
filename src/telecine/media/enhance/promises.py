"""What a stranger's probe must say of a target's picture, in FFmpeg's words. Pure."""

from telecine.core.enhance.options import Chroma, Codec, Container, ProresProfile
from telecine.core.enhance.plan import Target
from telecine.media.enhance.encoder_options import xdcam_tag

_NAMES = {
    Codec.H264: "h264",
    Codec.HEVC: "hevc",
    Codec.MPEG2: "mpeg2video",
    Codec.XDCAM: "mpeg2video",
    Codec.PRORES: "prores",
    Codec.DNXHD: "dnxhd",
    Codec.FFV1: "ffv1",
}
_PRORES = {
    ProresProfile.PROXY: ("Proxy", "apco"),
    ProresProfile.LT: ("LT", "apcs"),
    ProresProfile.STANDARD: ("Standard", "apcn"),
    ProresProfile.HQ: ("HQ", "apch"),
    ProresProfile.FOUR: ("4444", "ap4h"),
    ProresProfile.FOUR_XQ: ("XQ", "ap4x"),
}
_TAGS = {Codec.H264: "avc1", Codec.HEVC: "hvc1", Codec.FFV1: "FFV1"}


def promised(target: Target) -> dict[str, str]:
    """Names and values of ffprobe's description of the stream; without those that the container cannot tell."""
    picture = target.picture
    said = {
        "codec_name": _NAMES[target.codec],
        "width": str(picture.width),
        "height": str(picture.height),
        "pix_fmt": _pixel_format(target),
        "profile": _profile(target),
        "codec_tag_string": _tag(target),
    }
    return {name: value for name, value in said.items() if value}


def fields_are_told(target: Target) -> bool:
    """Whether a probe of the file tells the order of fields: not of H.265 but in mov, whose header says it."""
    return target.codec is not Codec.HEVC or target.container is Container.MOV


def shape_is_told(target: Target) -> bool:
    """Whether the file tells the shape of a pixel exactly: MPEG-2 itself knows few shapes of the whole picture, MXF too
    tells the picture's."""
    boxed = target.container in (Container.MOV, Container.MP4)
    return boxed or target.codec in (Codec.H264, Codec.HEVC)


def _pixel_format(target: Target) -> str:
    """As decoded: FFmpeg reads ProRes 4444 as 12 bits, whatever it was made of."""
    return (
        "yuv444p12le" if target.prores in (ProresProfile.FOUR, ProresProfile.FOUR_XQ) else target.picture.pixel_format
    )


def _profile(target: Target) -> str:
    chroma, bits = target.picture.chroma, target.picture.bits
    if target.prores:
        return _PRORES[target.prores][0]
    if target.dnx:
        return target.dnx.value.upper().replace("_", " ") if target.dnx.startswith("dnxhr") else "DNXHD"
    if target.codec in (Codec.MPEG2, Codec.XDCAM):
        return "4:2:2" if chroma is Chroma.C422 else "Main"
    if target.codec is Codec.HEVC:
        return "Rext" if chroma is not Chroma.C420 or bits > 10 else "Main" if bits == 8 else "Main 10"
    return ""


def _tag(target: Target) -> str:
    """The tag in mov and mp4."""
    if target.container not in (Container.MOV, Container.MP4):
        return ""
    if target.prores:
        return _PRORES[target.prores][1]
    if target.dnx:
        return "AVdh" if target.dnx.startswith("dnxhr") else "AVdn"
    if target.codec is Codec.XDCAM:
        return xdcam_tag(target.picture)
    return _TAGS.get(target.codec, "")
