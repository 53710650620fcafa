"""Plans of enhancements, and chunks encoded from a test picture, for the tests of encoding and what comes after.

    from tests.enhancing import plan_of, target, encode

No stage is needed: the test picture is what a last stage would have made.
"""

import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.clips import tools

from telecine.core.enhance.options import Chroma, Codec, Container, DnxProfile, ProresProfile
from telecine.core.enhance.picture import Picture
from telecine.core.enhance.plan import EnhanceChunk, EnhancePlan, Sound, Source, Stage, Target
from telecine.core.plan import Colour
from telecine.media.enhance.encoders import encoder_command

BT709 = Colour(primaries="bt709", transfer="bt709", matrix="bt709", range="tv")


def picture(
    width: int = 320,
    height: int = 180,
    chroma: Chroma = Chroma.C420,
    bits: Any = 8,
    *,
    rate: Fraction = Fraction(25),
    frames: int = 12,
    **more: Any,
) -> Picture:
    """A picture in BT.709."""
    return Picture(
        width=width, height=height, chroma=chroma, bits=bits, rate=rate, frames=frames, **{"colour": BT709} | more
    )


def target(
    container: Container,
    codec: Codec,
    shown: Picture,
    *,
    profile: ProresProfile | DnxProfile | None = None,
    bitrate: int | None = None,
    gop: int = 1,
) -> Target:
    """A target; `profile` is of the codec's family."""
    return Target(
        container=container,
        codec=codec,
        prores=profile if isinstance(profile, ProresProfile) else None,
        dnx=profile if isinstance(profile, DnxProfile) else None,
        picture=shown,
        bitrate=bitrate,
        gop=gop,
    )


def plan_of(
    made: Target,
    *,
    chunk: int = 0,
    given: Picture | None = None,
    stages: tuple[Stage, ...] = (),
    sounds: tuple[Sound, ...] = (),
    **more: Any,
) -> EnhancePlan:
    """A plan whose frames are given as `given`, or as they are encoded, in chunks of `chunk` frames, or in one."""
    frames = made.picture.frames
    step = chunk or frames
    chunks = [
        EnhanceChunk(index=index, first=first, end=min(first + step, frames))
        for index, first in enumerate(range(0, frames, step))
    ]
    source = more.pop("source", None) or Source(demuxer="mov", stream=0, picture=given or made.picture)
    return EnhancePlan(source=source, stages=stages, target=made, sounds=sounds, chunks=tuple(chunks), **more)


def raw_frames(shown: Picture, first: int, frames: int, seed: str = "testsrc2") -> list[str]:
    """Command that writes `frames` raw frames of a moving test picture, from frame `first`, to stdout."""
    rate = shown.rate if shown.fields == "progressive" else 2 * shown.rate
    many = frames if shown.fields == "progressive" else 2 * frames
    begin = first / shown.rate
    fields = {"progressive": [], "top_first": ["interlace=scan=tff"], "bottom_first": ["interlace=scan=bff"]}
    source = f"{seed}=size={shown.width}x{shown.height}:rate={rate}:duration={float(begin + many / rate + 1):.6f}"
    filters = [f"trim=start_frame={first * (many // frames)}", "setpts=N", *fields[shown.fields]]
    chain = ",".join([*filters, f"format={shown.pixel_format}"])
    return [
        *(str(tools().ffmpeg), "-v", "error", "-nostdin", "-f", "lavfi", "-i", source, "-vf", chain),
        *("-frames:v", str(frames), "-f", "rawvideo", "-"),
    ]


def encode(plan: EnhancePlan, index: int, path: Path, given: bytes | None = None) -> None:
    """Encode chunk `index` of `plan` to `path`, from `given` or from the test picture."""
    chunk = plan.chunks[index]
    if given is None:
        shown = plan.stages[-1].after if plan.stages else plan.source.picture
        made = subprocess.run(raw_frames(shown, chunk.first, chunk.wanted.frames), capture_output=True, check=True)
        given = made.stdout
    path.parent.mkdir(parents=True, exist_ok=True)
    command = encoder_command(plan, chunk, str(path), tools().ffmpeg)
    done = subprocess.run(command, input=given, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
