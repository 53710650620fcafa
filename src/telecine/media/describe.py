"""What ffprobe's description of a stream means: JSON in, values of `core.media_info` out. Pure."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from telecine.core.languages import of_tag
from telecine.core.media_info import AudioTrack, FieldOrder, VideoTrack
from telecine.media.packets import PictureTiming, StreamPackets

type Json = Mapping[str, Any]

_UNSAID = {"", "unknown", "unspecified", "reserved", "N/A"}
_FIELD_ORDERS: dict[str, FieldOrder] = {
    "progressive": "progressive",
    "tt": "top_first",
    "bb": "bottom_first",
    # QuickTime's two orders of interleaved fields (9 and 14), by which of them is early: the first line or the second.
    "tb": "top_first",
    "bt": "bottom_first",
}
_STRANGEST_ASPECT = 10
_PACKED = (
    (r"nv12|nv21|p01[0-6]", "420"),
    (r"nv16|nv20|p21[0-6]|y21[0-6]", "422"),
    (r"nv24|nv42|p41[0-6]|xv[0-9]|v[0-9]+x|vuy|ayuv|uyva|vyu444", "444"),
)


def pictures(streams: Sequence[Json]) -> list[Json]:
    """The video streams that are moving pictures: no cover art, no thumbnails."""
    return [
        stream
        for stream in streams
        if stream.get("codec_type") == "video"
        and not any(stream.get("disposition", {}).get(mark) for mark in ("attached_pic", "timed_thumbnails"))
    ]


def video_track(stream: Json, timing: PictureTiming, packets: StreamPackets, frames: Sequence[Json]) -> VideoTrack:
    """The track for an ffprobe stream, the timing of its packets, and its first decoded frames (may be none)."""
    frame = frames[0] if frames else {}
    side = [*stream.get("side_data_list", ()), *frame.get("side_data_list", ())]
    pixel_format = _said(stream, "pix_fmt") or _said(frame, "pix_fmt")
    return VideoTrack(
        index=stream["index"],
        codec=stream.get("codec_name", ""),
        profile=_said(stream, "profile"),
        level=max(0, int(stream.get("level", 0))),
        width=stream["width"],
        height=stream["height"],
        sample_aspect=_sample_aspect(_said(stream, "sample_aspect_ratio") or _said(frame, "sample_aspect_ratio")),
        rotation=rotation(side),
        frame_rate=timing.rate,
        variable_rate=timing.variable,
        start=timing.start,
        duration=timing.duration,
        frames=timing.frames,
        pixel_format=pixel_format,
        bit_depth=bit_depth(pixel_format),
        field_order=field_order(_said(stream, "field_order"), frames),
        color_range=_said(stream, "color_range") or _said(frame, "color_range"),
        color_primaries=_said(stream, "color_primaries") or _said(frame, "color_primaries"),
        color_transfer=_said(stream, "color_transfer") or _said(frame, "color_transfer"),
        color_space=_said(stream, "color_space") or _said(frame, "color_space"),
        mastering_display=mastering_display(side),
        content_light=content_light(side),
        dolby_vision=next((data["dv_profile"] for data in side if "dv_profile" in data), 0),
        bitrate=_bitrate(packets, timing.duration),
    )


def audio_track(stream: Json, order: int, packets: StreamPackets) -> AudioTrack:
    """The track for an ffprobe audio stream, `order`-th among the audio streams, with at least one packet.

    It starts where a player first hears it: after the encoder's priming, which `start_pts` leaves out.
    """
    base = time_base(stream)
    first = stream.get("start_pts", packets.first)
    start = Fraction(first or 0) * base
    duration = max(Fraction(0), Fraction(packets.end or 0) * base - start)
    return AudioTrack(
        index=stream["index"],
        order=order,
        codec=stream.get("codec_name", ""),
        profile=_said(stream, "profile"),
        channels=stream["channels"],
        channel_layout=_said(stream, "channel_layout"),
        sample_rate=int(stream["sample_rate"]),
        bitrate=int(stream.get("bit_rate", 0)) or _bitrate(packets, duration),
        language=of_tag(str(stream.get("tags", {}).get("language", ""))),
        start=start,
        duration=duration,
    )


def time_base(stream: Json) -> Fraction:
    """Seconds of one tick of a stream."""
    return ratio(stream.get("time_base", "")) or Fraction(1, 1000)


def declared_rates(stream: Json) -> list[Fraction]:
    """The frame rates that the container names: the average, then the finest."""
    rates = (ratio(stream.get(key, "")) for key in ("avg_frame_rate", "r_frame_rate"))
    return [rate for rate in rates if rate]


def ratio(text: str) -> Fraction | None:
    """A positive ratio such as `30000/1001` or `4:3`; None for `0/0`, `N/A` and the like."""
    matched = re.fullmatch(r"(\d+)[/:](\d+)", text)
    if not matched or not int(matched[1]) or not int(matched[2]):
        return None
    return Fraction(int(matched[1]), int(matched[2]))


def rotation(side: Sequence[Json]) -> int:
    """Clockwise degrees by which a player turns the picture, to the nearest quarter turn.

    ffprobe tells the display matrix's angle counterclockwise.
    """
    angle = next((data["rotation"] for data in side if "rotation" in data), 0)
    return round(-float(angle) / 90) * 90 % 360


def mirrored(side: Sequence[Json]) -> bool:
    """Whether the display matrix also flips the picture (a negative determinant)."""
    text = next((data["displaymatrix"] for data in side if "displaymatrix" in data), "")
    rows = [[int(number) for number in line.partition(":")[2].split()] for line in text.split("\n") if ":" in line]
    return len(rows) >= 2 and rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0] < 0


def bit_depth(pixel_format: str) -> int:
    """Bits of one sample. Names with more than 8 end in a byte order: `yuv420p10le` has 10, `p010le` 10, `rgb48le` 16.

    Packed formats end in the bits of a whole pixel: 48 and 64 are three and four times 16, 30 and 36 three samples.
    """
    matched = re.search(r"(9|10|12|14|16|30|36|48|64)(?:le|be)$", pixel_format)
    if not matched:
        return 8
    return {30: 10, 36: 12, 48: 16, 64: 16}.get(int(matched[1]), int(matched[1]))


def chroma(pixel_format: str) -> str:
    """Chroma subsampling, such as `4:2:0`; empty where the pixels are no YUV or have no chroma.

    Planar names say it (`yuv422p10le`, `yuvj420p`, `yuva444p`); packed and half-planar ones are FFmpeg's list.
    """
    matched = re.match(r"(?:yuvj|yuva|yuv|uyvy|yuyv|yvyu|uyyvyy)(4[1-4][0-4])", pixel_format)
    digits = matched[1] if matched else next((d for pattern, d in _PACKED if re.match(pattern, pixel_format)), "")
    return ":".join(digits)


def field_order(declared: str, frames: Sequence[Json]) -> FieldOrder:
    """How pictures are stored: as most of the first pictures say, where they are interlaced; else as declared."""
    interlaced = [frame for frame in frames if frame.get("interlaced_frame")]
    if len(interlaced) * 2 > len(frames):
        return "top_first" if interlaced[0].get("top_field_first") else "bottom_first"
    order = _FIELD_ORDERS.get(declared, "unknown")
    return "progressive" if order == "unknown" and frames and not interlaced else order


def mastering_display(side: Sequence[Json]) -> str:
    """Side data of a mastering display in x265's notation: chromaticity in 1/50000, luminance in 1/10000 cd/m²."""
    data = next((data for data in side if data.get("side_data_type") == "Mastering display metadata"), {})
    if not {"green_x", "min_luminance", "max_luminance"} <= set(data):
        return ""

    def units(key: str, per_one: int) -> int:
        return round((ratio(data[key]) or Fraction(0)) * per_one)

    points = {"G": "green", "B": "blue", "R": "red", "WP": "white_point"}
    colours = "".join(f"{k}({units(f'{n}_x', 50_000)},{units(f'{n}_y', 50_000)})" for k, n in points.items())
    return f"{colours}L({units('max_luminance', 10_000)},{units('min_luminance', 10_000)})"


def content_light(side: Sequence[Json]) -> str:
    """Side data of the content light level in x265's notation, `MaxCLL,MaxFALL`."""
    data = next((data for data in side if data.get("side_data_type") == "Content light level metadata"), None)
    return f"{data['max_content']},{data['max_average']}" if data else ""


def _sample_aspect(text: str) -> Fraction:
    """Width over height of a pixel; square where unsaid or so strange that it must be a mistake."""
    aspect = ratio(text) or Fraction(1)
    return aspect if Fraction(1, _STRANGEST_ASPECT) <= aspect <= _STRANGEST_ASPECT else Fraction(1)


def _said(values: Json, key: str) -> str:
    value = str(values.get(key, ""))
    return "" if value in _UNSAID else value


def _bitrate(packets: StreamPackets, duration: Fraction) -> int:
    return round(packets.bytes * 8 / duration) if duration else 0
