"""Options of ffmpeg that lay the source's sounds, and its other tracks, beside the enhanced picture. Pure text.

The source is an input whose clock has been moved so that 0 is the target's first frame. A copied sound keeps its
packets: one that begins before 0 and ends after it stays, and an edit list (mov, mp4) or its own time (mts) says when
its sound begins. What is encoded begins with exactly the sample that belongs to 0.
"""

from fractions import Fraction
from math import ceil

from telecine.core.enhance.options import Container
from telecine.core.enhance.plan import EnhancePlan, Sound
from telecine.media.enhance.source_streams import SourceStream

SMALLEST_HOLE = 0.02
"""Seconds; where the source's times jump by more, silence is put in or sound is cut out, to stay in sync."""

_TEXTS = ("mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text")
_COPIED = {
    Container.MTS: ("dvb_subtitle", "dvb_teletext", "scte_35"),
    Container.MOV: (),
    Container.MP4: (),
    Container.MXF: (),
}


def sound_options(plan: EnhancePlan, streams: dict[int, SourceStream], source: int) -> list[str]:
    """Options for every sound of `plan`, in order. `source` is the input's number, `streams` its streams by index."""
    options = []
    for number, sound in enumerate(plan.sounds):
        options += ["-map", f"{source}:{sound.stream}"]
        encoder = encoder_of(plan, sound, streams[sound.stream].codec)
        if encoder == "copy":
            options += [f"-c:a:{number}", "copy", f"-bsf:a:{number}", _from_zero()]
            continue
        options += [f"-c:a:{number}", encoder, f"-filter:a:{number}", _placed(plan, sound)]
        if sound.bitrate:
            options += [f"-b:a:{number}", str(sound.bitrate)]
    return options


def encoder_of(plan: EnhancePlan, sound: Sound, codec: str) -> str:
    """FFmpeg's encoder for a sound that has `codec` in the source, or `copy`.

    PCM that must begin at one certain sample is written anew in its own form, which loses nothing.
    """
    cut = not plan.whole or plan.target.container is Container.MXF
    return codec if sound.codec == "copy" and cut and codec.startswith("pcm_") else sound.codec


def other_options(plan: EnhancePlan, streams: dict[int, SourceStream], source: int) -> list[str]:
    """Options for the source's subtitles that the container takes: text in mov and mp4, DVB's in mts."""
    container = plan.target.container
    options: list[str] = []
    number = 0
    for index, stream in sorted(streams.items()):
        if stream.kind == "subtitle" and stream.codec in _TEXTS and container in (Container.MOV, Container.MP4):
            options += ["-map", f"{source}:{index}", f"-c:s:{number}", "mov_text"]
            options += [f"-bsf:s:{number}", "noise=amount=0:drop=lt(pts\\,0)"]
            number += 1
        elif stream.kind == "subtitle" and stream.codec in _COPIED[container]:
            options += ["-map", f"{source}:{index}", f"-c:s:{number}", "copy"]
            number += 1
    return options


def microseconds(seconds: Fraction) -> str:
    """A time for ffmpeg's options, rounded up, so that nothing before it is lost."""
    return f"{ceil(seconds * 1_000_000)}us"


def _from_zero() -> str:
    """Leaves out packets that end before the target begins."""
    return "noise=amount=0:drop=lte(pts+d\\,0)"


def _placed(plan: EnhancePlan, sound: Sound) -> str:
    """The sound from 0 on, silence where it has holes; in MXF exactly as long as the picture, as its units are."""
    end = microseconds(plan.target.picture.seconds)
    rate = f"{sound.sample_rate}:" if sound.sample_rate else ""
    filters = [f"aresample={rate}async=1:first_pts=0:min_hard_comp={SMALLEST_HOLE}", f"atrim=end={end}"]
    return ",".join([*filters, f"apad=whole_dur={end}"] if plan.target.container is Container.MXF else filters)
