"""How a request for an enhancement is refused: fields in the document's spelling, sentences with the cure in them."""

from collections.abc import Iterable

from telecine.core.errors import ErrorKind, TelecineError

CONTAINER = "mediaContainerCodec.container"
CODEC = "mediaContainerCodec.codec"
PRORES = "appleProresProfile"
DNX = "dnxhdHrProfile"
SCANNING = "scanning"
CHROMA = "chromaSubsampling.yuv"
BITS = "chromaSubsampling.bits"
BITRATE = "bitrate.mbps"
SCALER = "scaler"
RESOLUTION = "resolution"
TAG = "resolution.tag"
WIDTH = "resolution.width"
HEIGHT = "resolution.height"
ASPECT = "resolution.aspectRatioTag"
CLARITY = "clarityBoost"
CONVERTER = "frameRateConverter"
RATE = "frameRate"
START = "range.startPositionMilliseconds"
END = "range.endPositionMilliseconds"


def invalid(field: str, detail: str) -> TelecineError:
    """A value that contradicts another one, or what can be made."""
    return TelecineError(ErrorKind.FIELD_INVALID, detail, field=field)


def out_of_range(field: str, detail: str) -> TelecineError:
    """A number outside its range."""
    return TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, detail, field=field)


def missing(field: str, detail: str) -> TelecineError:
    """A field that another one needs."""
    return TelecineError(ErrorKind.FIELD_MISSING, detail, field=field)


def listed(names: Iterable[object]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    words = [str(name) for name in names]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
