"""The last process of a chunk's pipeline: an ffmpeg that reads raw frames and writes one encoded file. Pure text.

Raw frames carry nothing but samples. What they mean (fields, colours, shape of a pixel) is said again here, and they
are brought to the format of the target, with dither where bits are lost.
"""

from math import lcm
from pathlib import Path

from telecine.core.enhance.options import Chroma
from telecine.core.enhance.picture import Picture
from telecine.core.enhance.plan import EnhanceChunk, EnhancePlan
from telecine.media.encode_args import track_timescale
from telecine.media.enhance.encoder_options import encoder_options

CHUNK_SUFFIX = ".mov"
"""Of every chunk's file, whatever the codec: QuickTime takes all of them, with a clock on which every frame lasts a
whole number of ticks."""

_SET_FIELDS = {"progressive": "prog", "top_first": "tff", "bottom_first": "bff"}
_HALVED_ROWS = (Chroma.C410, Chroma.C420, Chroma.C440)


def encoder_command(plan: EnhancePlan, chunk: EnhanceChunk, target: str, ffmpeg: Path) -> list[str]:
    """The command that reads the raw frames of `chunk` from stdin and writes them, encoded, to the file `target`.

    The frames are of `last_picture(plan)`. Progress goes to stdout, for `FfmpegProgress`. Raises ValueError where the
    target is none that can be encoded, or has another size or rate than the frames.
    """
    given, made = last_picture(plan), plan.target.picture
    if (given.width, given.height, given.rate) != (made.width, made.height, made.rate):
        raise ValueError("the target has another size or rate than the frames of the last stage")
    clock = str(track_timescale(made.rate))
    longest = max(other.wanted.frames for other in plan.chunks) / made.rate
    return [
        str(ffmpeg),
        *("-hide_banner", "-nostdin", "-y", "-v", "warning"),
        *("-nostats", "-progress", "pipe:1", "-stats_period", "0.5"),
        *("-f", "rawvideo", "-pixel_format", given.pixel_format, "-video_size", f"{given.width}x{given.height}"),
        *("-framerate", str(given.rate), "-i", "pipe:0"),
        *("-vf", ",".join(conversion(given, made)), "-frames:v", str(chunk.wanted.frames)),
        *encoder_options(plan.target, longest),
        *("-fps_mode", "passthrough", "-map_metadata", "-1", "-write_tmcd", "0"),
        *("-video_track_timescale", clock, "-movie_timescale", clock, "-f", "mov", target),
    ]


def last_picture(plan: EnhancePlan) -> Picture:
    """The form of the frames that the encoder is given."""
    return plan.stages[-1].after if plan.stages else plan.source.picture


def conversion(given: Picture, made: Picture) -> list[str]:
    """Filters from raw frames `given` to what the encoder takes, `made`: of one size and rate, in another format."""
    says = [colour_setting(given), f"setsar={made.sample_aspect}", f"setfield={_SET_FIELDS[made.fields]}"]
    if _range(given) == _range(made) and given.pixel_format == made.pixel_format:
        return says
    ranges = (_range(given), _range(made))
    woven = made.fields != "progressive" and given.chroma != made.chroma
    if (woven and (given.chroma in _HALVED_ROWS or made.chroma in _HALVED_ROWS)) or not _divisible(given, made):
        # zimg knows nothing of fields that lie in one frame, and takes no sizes that are not whole in chroma.
        turn = f"scale=interl={int(woven)}:in_range={ranges[0]}:out_range={ranges[1]}:sws_dither=bayer"
        return [*says, f"{turn}:flags=bicubic+accurate_rnd+full_chroma_int", f"format={made.pixel_format}"]
    # A pattern that stays where it is costs an encoder less, and shimmers less, than diffused errors.
    dither = "ordered" if made.bits < given.bits else "none"
    return [*says, f"zscale=rangein={ranges[0]}:range={ranges[1]}:dither={dither}", f"format={made.pixel_format}"]


def colour_setting(picture: Picture) -> str:
    """The filter that says what colours the numbers mean."""
    colour = picture.colour
    said = [("color_primaries", colour.primaries), ("color_trc", colour.transfer), ("colorspace", colour.matrix)]
    return ":".join([f"setparams=range={_range(picture)}", *(f"{name}={value}" for name, value in said if value)])


def _range(picture: Picture) -> str:
    """`tv` or `pc`; who says nothing means the first."""
    return picture.colour.range or "tv"


def _divisible(given: Picture, made: Picture) -> bool:
    across, down = (lcm(*pair) for pair in zip(given.chroma.spacing, made.chroma.spacing, strict=True))
    return given.width % across == 0 and given.height % down == 0
