"""Codec strings (RFC 6381) from the decoder's own setup, to hold against what a manifest says."""

_SBR, _PS = 5, 29
_RATE_FOLLOWS = 15
_SBR_MARK, _PS_MARK = 0x2B7, 0x548


def codec_name(codec: str, extradata: bytes) -> str:
    """The codec string of a track by PyAV's codec name and setup data, or only its beginning where that is all.

    H.264 and H.265 tell everything; AAC tells its object type (`mp4a.40.2`) only in MP4; empty for other codecs.
    """
    if codec == "h264":
        return _avc(extradata)
    if codec == "hevc":
        return _hevc(extradata)
    if codec == "aac":
        return _aac(extradata)
    return {"ac3": "ac-3", "eac3": "ec-3"}.get(codec, "")


def _avc(extradata: bytes) -> str:
    """Profile, constraints and level: bytes 1 to 3 of avcC, and of a sequence parameter set behind a start code."""
    if extradata[:1] == b"\x01" and len(extradata) >= 4:
        return f"avc1.{extradata[1:4].hex()}"
    begin = extradata.find(b"\0\0\1")
    while begin >= 0 and begin + 7 <= len(extradata):
        if extradata[begin + 3] & 31 == 7:
            return f"avc1.{extradata[begin + 4 : begin + 7].hex()}"
        begin = extradata.find(b"\0\0\1", begin + 3)
    return "avc1"


def _hevc(extradata: bytes) -> str:
    """From hvcC: profile, compatibility flags in reverse, tier and level, constraint bytes up to the last non-zero."""
    if extradata[:1] != b"\x01" or len(extradata) < 13:
        return "hvc1"
    space, tier, profile = extradata[1] >> 6, extradata[1] >> 5 & 1, extradata[1] & 31
    compatibility = int(f"{int.from_bytes(extradata[2:6]):032b}"[::-1], 2)
    constraints = extradata[6:12].rstrip(b"\0")
    parts = [f"{['', 'A', 'B', 'C'][space]}{profile}", f"{compatibility:X}", f"{'H' if tier else 'L'}{extradata[12]}"]
    return ".".join(["hvc1", *parts, *(f"{byte:X}" for byte in constraints)])


def _aac(extradata: bytes) -> str:
    """Object type of an AudioSpecificConfig: 29 with parametric stereo, 5 with spectral band replication, else its own.

    Both may be said at once, or at the end, where old decoders do not look (ISO 14496-3, 1.6.2.1).
    """
    if len(extradata) < 2:
        return "mp4a"
    bits = _Bits(extradata)
    object_type = bits.object_type()
    bits.take(24 if bits.take(4) == _RATE_FOLLOWS else 0)
    bits.take(4)  # channels
    if object_type in (_SBR, _PS):
        return f"mp4a.40.{object_type}"
    bits.take(1)  # frame length
    bits.take(14 if bits.take(1) else 0)  # core coder delay
    bits.take(1)  # extension
    if bits.take(11) == _SBR_MARK and bits.object_type() == _SBR and bits.take(1):
        bits.take(24 if bits.take(4) == _RATE_FOLLOWS else 0)
        object_type = _PS if bits.take(11) == _PS_MARK and bits.take(1) else _SBR
    return f"mp4a.40.{object_type}"


class _Bits:
    """Reads a few bits at a time; beyond the end all are 0."""

    def __init__(self, content: bytes) -> None:
        self._value = int.from_bytes(content)
        self._left = 8 * len(content)

    def take(self, count: int) -> int:
        """The next `count` bits as a number."""
        self._left -= count
        value = self._value >> self._left if self._left >= 0 else self._value << -self._left
        return value & ((1 << count) - 1)

    def object_type(self) -> int:
        """An audio object type, of which the larger ones take more bits."""
        kind = self.take(5)
        return 32 + self.take(6) if kind == 31 else kind
