"""The ffmpeg command that encodes every rendition of one chunk, as an argument list. Pure, tested as text.

One process decodes once and encodes all renditions. Keyframes lie exactly on the grid: the encoder starts at a grid
point, makes one every `gop` and nowhere else, and every GOP is closed.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor

from telecine.core.job import Cbr, RateControl, Vbr
from telecine.core.limits import MediaLimits
from telecine.core.plan import ChunkSpan, Colour, Plan, VideoOutput, whole_frames
from telecine.media.colour_args import colour_signalling
from telecine.media.encoder_threads import encoder_threads
from telecine.media.picture_graph import picture_graph
from telecine.media.safe_input import safe_input

PREROLL = Fraction(1, 2)
"""Seconds decoded before a chunk and thrown away: what deinterlacing and frame rate conversion look back at."""

COARSEST_CLOCK = 10_000
"""Least ticks per second of a video track; fewer would make players' own rounding visible."""


PROGRESS = (
    *("-hide_banner", "-nostdin", "-y", "-v", "warning"),
    *("-nostats", "-progress", "pipe:1", "-stats_period", "0.5"),
)
"""Options with which ffmpeg tells how far it is, for `FfmpegProgress`."""


def chunk_arguments(
    plan: Plan,
    chunk: ChunkSpan,
    source: str,
    targets: Mapping[str, str],
    limits: MediaLimits,
    cores: int,
    *,
    seek: bool = True,
) -> list[str]:
    """Arguments of ffmpeg (without the tool itself) that encode `chunk` from file `source` on `cores`.

    `targets` gives the file to write for each rendition's name. Without `seek` the file is read from its start,
    which is slow and works whatever its index says. Progress goes to stdout.
    """
    arguments = [*PROGRESS, *picture_input(plan, chunk, source, limits, cores, seek=seek)]
    arguments += ["-filter_complex_threads", str(cores), "-filter_complex", picture_graph(plan, chunk)]
    for output, threads in zip(plan.video, encoder_threads(plan.video, cores), strict=True):
        arguments += ["-map", f"[{output.name}]", *output_options(plan, output, threads), targets[output.name]]
    return arguments


def picture_input(
    plan: Plan, chunk: ChunkSpan, source: str, limits: MediaLimits, cores: int, *, seek: bool
) -> list[str]:
    """Open file `source` as input 0 of ffmpeg, at the beginning of `chunk` or, without `seek`, at its own.

    As many pictures are decoded at once as FFmpeg would by itself, had the machine just `cores`.
    """
    assert plan.picture
    return [
        "-copyts",
        *(_seeking(plan, chunk) if seek else []),
        # Turning is ours, see the graph; and so is the size, so a container's own cropping must not interfere.
        *("-noautorotate", "-apply_cropping", "codec", "-threads:v", str(cores + 1)),
        *safe_input(plan.picture.demuxer, source, limits),
    ]


def output_options(plan: Plan, output: VideoOutput, threads: int, more: Sequence[str] = ()) -> list[str]:
    """Encoder and container options of one rendition, whose encoder gets `threads` if it is x264: x265's are its own
    affair. `more` are further parameters of x265, as `name=value`."""
    assert output.rate, "what passes through is not encoded"
    gop = whole_frames(plan.gop * output.frame_rate)
    codec = _x264(plan, gop, threads) if output.codec == "h264" else _x265(plan, output.colour, gop, more)
    clock = str(track_timescale(output.frame_rate))
    return [
        *codec,
        *rate_options(output.rate),
        *colour_signalling(output.colour),
        # The graph made exactly the wanted frames: none may be added or dropped here.
        *("-fps_mode", "passthrough", "-map_metadata", "-1", "-map_chapters", "-1"),
        # One clock for samples and edit list, in which every frame is a whole number of ticks.
        *("-video_track_timescale", clock, "-movie_timescale", clock, "-f", "mp4"),
    ]


def rate_options(rate: RateControl) -> list[str]:
    """Rate control in the options that libx264 and libx265 share.

    A decoder buffer (VBV) is what makes a bitrate a promise: whatever the content, a player that reads at `maxrate`
    and holds `bufsize` bits never starves. Constant bitrate holds over every single second; variable bitrate may
    run two seconds ahead of its peak. No filler is added to keep a constant bitrate from falling: it would cost
    viewers bytes for nothing. `Vbr.floor` has no counterpart in these encoders, so it is not used.
    """
    if isinstance(rate, Cbr):
        bits = str(rate.bitrate)
        return ["-b:v", bits, "-minrate", bits, "-maxrate", bits, "-bufsize", bits]
    if isinstance(rate, Vbr):
        return ["-b:v", str(rate.bitrate), "-maxrate", str(rate.peak), "-bufsize", str(2 * rate.peak)]
    peak = ["-maxrate", str(rate.peak), "-bufsize", str(2 * rate.peak)] if rate.peak else []
    return ["-crf", f"{rate.crf:g}", *peak]


def track_timescale(rate: Fraction) -> int:
    """Ticks per second of a track of `rate` frames per second: each frame lasts a whole number of them."""
    scale = rate.numerator
    while scale < COARSEST_CLOCK:
        scale *= 2
    return scale


def frame_ticks(rate: Fraction) -> int:
    """Ticks that one frame lasts on the clock of `track_timescale`."""
    return whole_frames(track_timescale(rate) / rate)


def _seeking(plan: Plan, chunk: ChunkSpan) -> list[str]:
    """Start at the last keyframe before the chunk, by the file's own timestamps, and keep every frame from there."""
    assert plan.picture
    if chunk.start <= PREROLL:
        return []
    time = plan.picture.start + chunk.start - PREROLL
    return ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{floor(time * 1_000_000)}us"]


def _x264(plan: Plan, gop: int, threads: int) -> list[str]:
    """`stitchable` keeps the headers of all chunks the same, so that they can be joined."""
    grid = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0:stitchable=1"
    encoder = ["-c:v", "libx264", "-preset", plan.preset_h264, "-profile:v", "high", "-threads:v", str(threads)]
    return [*encoder, "-x264-params", grid]


def _x265(plan: Plan, colour: Colour, gop: int, more: Sequence[str]) -> list[str]:
    """`hvc1` is the tag that Apple's players ask for; parameter sets then live in the file's header alone.

    Dolby Vision's extra layer is left out: it describes the source's pictures, not the scaled ones.
    """
    parameters = [f"keyint={gop}", f"min-keyint={gop}", "scenecut=0", "open-gop=0", "repeat-headers=0", "log-level=1"]
    if colour.mastering_display:
        parameters.append(f"master-display={colour.mastering_display}")
    if colour.content_light:
        parameters.append(f"max-cll={colour.content_light}")
    encoder = ["-c:v", "libx265", "-preset", plan.preset_h265, "-tag:v", "hvc1", "-dolbyvision", "0"]
    return [*encoder, "-x265-params", ":".join([*parameters, *more])]
