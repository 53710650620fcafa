"""Codec strings (RFC 6381) from the decoder's own setup, to hold against what a manifest says."""


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
    if len(extradata) < 2:
        return "mp4a"
    object_type = extradata[0] >> 3
    if object_type == 31:
        object_type = 32 + ((extradata[0] & 7) << 3 | extradata[1] >> 5)
    return f"mp4a.40.{object_type}"
