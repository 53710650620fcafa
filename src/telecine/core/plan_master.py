"""Makes the plan of a distribution: how one master becomes takes, or why it cannot.

A copy must be what its master is, so nothing is converted: what our encoders cannot make again is refused by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from telecine.core.distribution import CopyMode, Distribution
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import Policy
from telecine.core.master import MasterChunk, MasterCodec, MasterContainer, MasterPlan
from telecine.core.media_info import MediaInfo, VideoTrack
from telecine.core.plan import Colour
from telecine.core.plan_picture import picture_track
from telecine.core.watermark.recipients import CHIPS

GROUP_SECONDS = 1.0
"""Of a group, where pictures lean on each other or nothing is switched."""
INTRA_GROUP = 3
"""Pictures of a group where every picture stands alone."""
FEWEST_GROUPS = 2
MOST_CHUNKS = 4000
"""Chunks of one master: more would not fit into the history of one workflow."""

DNXHD_MEGABITS = {188_416: 36, 212_992: 42, 303_104: 60, 417_792: 100, 458_752: 180, 606_208: 120, 917_504: 185}
"""For each size of DNxHD's pictures, in bytes, a nominal bitrate that all classes of this size have (SMPTE ST 2019-1).
With the picture's width, height, depth and fields it says the class; the real bitrate follows from size and rate."""

_CONSTANT = Fraction(3, 100)
"""By which the sizes of GOPs may differ where the bitrate is called constant."""

_CODECS: dict[str, MasterCodec] = {
    "h264": "h264",
    "hevc": "h265",
    "prores": "prores",
    "mpeg2video": "mpeg2",
    "dnxhd": "dnxhd",
}
_EIGHT = ("yuv420p", "yuv422p")
_TEN = ("yuv420p10le", "yuv422p10le")
_PIXEL_FORMATS: dict[MasterCodec, tuple[str, ...]] = {
    "h264": (*_EIGHT, *_TEN, "yuvj420p", "yuvj422p"),
    "h265": (*_EIGHT, *_TEN, "yuvj420p", "yuvj422p"),
    "prores": ("yuv422p10le",),
    "mpeg2": _EIGHT,
    "dnxhd": ("yuv422p", "yuv422p10le"),
}
_PROFILES: dict[MasterCodec, frozenset[str]] = {
    "h264": frozenset(
        {"Constrained Baseline", "Baseline", "Main", "High", "High 10", "High 10 Intra", "High 4:2:2"}
        | {"High 4:2:2 Intra"}
    ),
    "h265": frozenset({"Main", "Main 10", "Rext"}),
    "prores": frozenset({"Proxy", "LT", "Standard", "HQ"}),
    "mpeg2": frozenset({"Simple", "Main", "High", "4:2:2"}),
    "dnxhd": frozenset({"DNXHD", "DNXHR LB", "DNXHR SQ", "DNXHR HQ", "DNXHR HQX"}),
}
_NO_MUXER = {("mxf", "h265")}
_FIELDS: frozenset[MasterCodec] = frozenset({"h264", "prores", "mpeg2", "dnxhd"})
"""Whose encoders here keep the fields of a picture apart."""


@dataclass(frozen=True, slots=True)
class MasterPictures:
    """What the coded pictures of a master say: `sizes` in bytes and whether each is a keyframe, in order of showing.

    `hidden`: pictures in the file that no player shows. `seekable`: whether the file can be cut by seeking.
    """

    sizes: Sequence[int]
    keys: Sequence[bool]
    hidden: int = 0
    seekable: bool = True

    @property
    def intra(self) -> bool:
        """Whether every picture stands alone."""
        return all(self.keys)

    @property
    def longest_gop(self) -> int:
        """Pictures from a keyframe to the next, at most."""
        places = [number for number, key in enumerate(self.keys) if key]
        return max((after - before for before, after in pairwise([*places, len(self.keys)])), default=len(self.keys))


def master_plan(
    distribution: Distribution,
    content_id: str,
    info: MediaInfo,
    container: MasterContainer,
    pictures: MasterPictures,
    policy: Policy,
) -> MasterPlan:
    """The plan of a master that was probed as `info`, whose file is a `container` with `pictures`.

    Raises TRACK_MISSING, MASTER_REFUSED, MARK_TOO_NARROW or MARK_TOO_SHORT.
    """
    track = picture_track(0, info)
    codec = _codec(track, container)
    _check_times(track, pictures)
    _check_width(track, policy)
    individual = distribution.mode is CopyMode.INDIVIDUAL
    gop = 1 if pictures.intra else _gop(codec, track, pictures, distribution)
    group = _group(distribution, track.frame_rate, gop, alone=pictures.intra and not individual)
    _check_length(pictures, group)
    return MasterPlan(
        content_id=content_id,
        mode=distribution.mode,
        code=distribution.code,
        strength=distribution.strength,
        demuxer=info.demuxer,
        container=container,
        stream=track.index,
        codec=codec,
        profile=track.profile,
        level=track.level if codec == "h264" else 0,
        intra=pictures.intra,
        width=track.width,
        height=track.height,
        sample_aspect=track.sample_aspect,
        rotation=track.rotation,
        pixel_format=track.pixel_format,
        field_order="progressive" if track.field_order == "unknown" else track.field_order,
        colour=_colour(track),
        rate=track.frame_rate,
        frames=len(pictures.sizes),
        start=track.start,
        group=group,
        gop=gop,
        constant_bitrate=_constant(pictures),
        chips=CHIPS if individual else 1,
        chunks=_chunks(pictures, group, track.frame_rate, policy),
        preset=policy.preset_h265 if codec == "h265" else policy.preset_h264,
        warnings=_warnings(info, track),
    )


def _codec(track: VideoTrack, container: MasterContainer) -> MasterCodec:
    """The master's codec. Raises MASTER_REFUSED where no copy of it would be what it is."""
    codec = _CODECS.get(track.codec)
    if codec is None:
        raise _refused(f"its picture is {track.codec or 'of no known codec'}; {', '.join(_CODECS)} can be made again.")
    if track.dolby_vision:
        raise _refused(f"it has Dolby Vision (profile {track.dolby_vision}), whose metadata a copy could not carry.")
    if track.profile and track.profile not in _PROFILES[codec]:
        raise _refused(f"its picture is {track.codec} {track.profile}, a profile that cannot be made again here.")
    if track.pixel_format not in _PIXEL_FORMATS[codec]:
        allowed = ", ".join(_PIXEL_FORMATS[codec])
        raise _refused(f"its pixels are {track.pixel_format}; of {track.codec}, {allowed} can be made again.")
    if track.field_order in ("top_first", "bottom_first") and codec not in _FIELDS:
        raise _refused(f"it is interlaced {track.codec}, which cannot be made again here.")
    if (container, codec) in _NO_MUXER:
        raise _refused(f"{track.codec} in {container.upper()} cannot be written here.")
    return codec


def _check_times(track: VideoTrack, pictures: MasterPictures) -> None:
    """Every picture of the file must be shown, one after the other, and take some bits."""
    if track.variable_rate:
        raise _refused("its frame rate varies; every picture must last equally long.")
    if pictures.hidden:
        raise _refused(f"{pictures.hidden} pictures of the file are never shown: it was cut by an edit list.")
    if track.frames is not None and track.frames != len(pictures.sizes):
        raise _refused(f"{track.frames} of its {len(pictures.sizes)} pictures can be shown.")
    if not sum(pictures.sizes):
        raise _refused("its pictures have no bytes.")
    if track.codec == "dnxhd":
        _check_dnxhd(track, pictures)


def _check_dnxhd(track: VideoTrack, pictures: MasterPictures) -> None:
    sizes = set(pictures.sizes)
    if len(sizes) > 1:
        raise _refused("its pictures are dnxhd of several sizes, which cannot be switched.")
    if not track.profile.startswith("DNXHR") and not sizes <= DNXHD_MEGABITS.keys():
        raise _refused(f"its pictures are dnxhd of {sizes.pop()} bytes, a class that cannot be made again here.")


def _check_width(track: VideoTrack, policy: Policy) -> None:
    if track.width < policy.master_narrowest:
        detail = f"it is {track.width}x{track.height}; at least {policy.master_narrowest} pixels in a row are needed."
        raise TelecineError(ErrorKind.MARK_TOO_NARROW, detail)


def _check_length(pictures: MasterPictures, group: int) -> None:
    frames = len(pictures.sizes)
    if frames < FEWEST_GROUPS * group:
        detail = f"it has {frames} pictures; at least {FEWEST_GROUPS} groups of {group} are needed."
        raise TelecineError(ErrorKind.MARK_TOO_SHORT, detail)


def _gop(codec: MasterCodec, track: VideoTrack, pictures: MasterPictures, distribution: Distribution) -> int:
    """Pictures from one keyframe to the next in the takes.

    MPEG-2 keeps the master's, for equipment asks for it; elsewhere a group is a GOP.
    """
    wanted = _wanted(distribution.group_seconds or GROUP_SECONDS, track.frame_rate)
    return min(pictures.longest_gop, wanted) if codec == "mpeg2" else wanted


def _group(distribution: Distribution, rate: Fraction, gop: int, *, alone: bool) -> int:
    """Pictures of a group: whole GOPs, nearest to what is wanted. `alone`: pictures are switched one by one."""
    if alone and distribution.group_seconds is None:
        return INTRA_GROUP
    wanted = _wanted(distribution.group_seconds or GROUP_SECONDS, rate)
    return max(1, round(Fraction(wanted, gop))) * gop


def _wanted(seconds: float, rate: Fraction) -> int:
    return max(1, round(Fraction(seconds).limit_denominator(1000) * rate))


def _chunks(pictures: MasterPictures, group: int, rate: Fraction, policy: Policy) -> tuple[MasterChunk, ...]:
    """Whole groups, all chunks about as long as the policy wants; what is left of a group is the last chunk's."""
    frames = len(pictures.sizes)
    groups = frames // group
    each = max(1, round(Fraction(policy.chunk_seconds).limit_denominator(1000) * rate / group))
    count = min(max(1, round(Fraction(groups, each))), MOST_CHUNKS) if pictures.seekable else 1
    borders = [*(group * (groups * number // count) for number in range(count)), frames]
    return tuple(
        MasterChunk(index=index, first=first, frames=end - first, bitrate=_bitrate(pictures.sizes[first:end], rate))
        for index, (first, end) in enumerate(pairwise(borders))
    )


def _bitrate(sizes: Sequence[int], rate: Fraction) -> int:
    """Bits a second, at least one, of pictures of so many bytes."""
    return max(1, round(8 * sum(sizes) * rate / len(sizes)))


def _constant(pictures: MasterPictures) -> bool:
    """Whether nearly all GOPs of a master that has such weigh the same: a buffer lets the first and last differ."""
    gop = pictures.longest_gop
    weights = sorted(sum(pictures.sizes[first : first + gop]) for first in range(0, len(pictures.sizes) - gop + 1, gop))
    few = len(weights) // 10
    most = weights[few : len(weights) - few]
    return most[-1] - most[0] <= _CONSTANT * most[-1]


def _colour(track: VideoTrack) -> Colour:
    """What the master says of its colours, and no more."""
    return Colour(
        primaries=track.color_primaries,
        transfer=track.color_transfer,
        matrix=track.color_space,
        range="pc" if track.pixel_format.startswith("yuvj") else track.color_range,
        mastering_display=track.mastering_display,
        content_light=track.content_light,
    )


def _warnings(info: MediaInfo, track: VideoTrack) -> tuple[str, ...]:
    unsaid = track.field_order == "unknown"
    note = ["The file does not say whether it is interlaced; its pictures are taken as progressive."] if unsaid else []
    return (*info.warnings, *note)


def _refused(detail: str) -> TelecineError:
    return TelecineError(ErrorKind.MASTER_REFUSED, detail)
