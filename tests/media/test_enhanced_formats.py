"""Every container, codec and profile that can be asked for makes a file that decodes and is what it says.

Each is encoded, assembled with sound, verified by the house (ffprobe, ffmpeg), decoded by PyAV's own libraries, and
described by MediaInfo, which knows nothing of FFmpeg.
"""

from contextlib import suppress
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

import av
import pytest
from pymediainfo import MediaInfo
from tests.clips import clip, tools
from tests.enhancing import encode, picture, plan_of, target

from telecine.core.enhance.options import Chroma, Codec, Container, DnxProfile, ProresProfile
from telecine.core.enhance.picture import Fields
from telecine.core.enhance.plan import Sound, Target
from telecine.core.enhance.rules import check_request
from telecine.core.enhance.spec import Enhancement
from telecine.core.errors import TelecineError
from telecine.core.limits import MediaLimits
from telecine.media.context import Context
from telecine.media.enhance.assemble import assemble
from telecine.media.enhance.files import chunk_file
from telecine.media.enhance.verify import verify_enhanced
from telecine.media.workspace import Workspace

C420, C422, C444 = Chroma.C420, Chroma.C422, Chroma.C444
NTSC, FILM, FAST = Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60000, 1001)


class Made(NamedTuple):
    """What is made, and what MediaInfo says of its codec, profile and scan."""

    codec: Codec
    chroma: Chroma = C420
    bits: int = 8
    size: tuple[int, int] = (320, 180)
    rate: Fraction = Fraction(25)
    fields: Fields = "progressive"
    profile: ProresProfile | DnxProfile | None = None
    says: str = ""

    @property
    def name(self) -> str:
        """Short, for the test's id."""
        depth = f"{self.chroma.replace(':', '')}-{self.bits}"
        parts = [self.profile or self.codec, depth, f"{self.size[1]}{self.fields[0]}", f"{float(self.rate):.0f}"]
        return "-".join(map(str, parts))

    def target(self, container: Container) -> Target:
        """The target of a plan: a few frames, fewer of large ones."""
        frames = 12 if self.size[1] < 720 else 3 if self.codec is Codec.XDCAM else 2
        shown = picture(*self.size, self.chroma, self.bits, rate=self.rate, frames=frames, fields=self.fields)
        long = self.codec in (Codec.H264, Codec.HEVC, Codec.MPEG2, Codec.XDCAM)
        rate = 1_000_000 if long and self.codec is not Codec.XDCAM else None
        return target(container, self.codec, shown, profile=self.profile, bitrate=rate, gop=12 if long else 1)


def _dnx(profile: DnxProfile, bits: int, says: str, chroma: Chroma = C422, **more: object) -> Made:
    return Made(Codec.DNXHD, chroma, bits, profile=profile, says=says, **more)  # type: ignore[arg-type]


def _prores(profile: ProresProfile, says: str, chroma: Chroma = C422, fields: Fields = "progressive") -> Made:
    return Made(Codec.PRORES, chroma, 10, fields=fields, profile=profile, says=says)


HD, SMALL = (1920, 1080), (1280, 720)
ALL, BOXED = tuple(Container), (Container.MOV, Container.MP4)
MASTERS = (Container.MOV, Container.MXF)
MXF_TOO = (Container.MXF,)

MATRIX: list[tuple[tuple[Container, ...], Made]] = [
    (ALL, Made(Codec.H264, says="High ")),
    (BOXED, Made(Codec.H264, C422, 10, says="High 4:2:2 ")),
    (BOXED[:1], Made(Codec.H264, C444, 10, says="High 4:4:4 Predictive ")),
    (ALL, Made(Codec.H264, fields="top_first", rate=NTSC, says="High TFF")),
    (BOXED[1:], Made(Codec.H264, C422, 8, fields="bottom_first", says="High 4:2:2 BFF")),
    ((*BOXED, Container.MTS), Made(Codec.HEVC, says="Main ")),
    ((Container.MP4, Container.MTS), Made(Codec.HEVC, C420, 10, says="Main 10 ")),
    (BOXED[:1], Made(Codec.HEVC, C422, 10, fields="top_first", says="Format Range TFF")),
    (BOXED[1:], Made(Codec.HEVC, C444, 12, says="Format Range ")),
    (ALL, Made(Codec.MPEG2, rate=FAST, says="Main ")),
    (ALL, Made(Codec.MPEG2, C422, fields="top_first", says="4:2:2 TFF")),
    (MXF_TOO, Made(Codec.MPEG2, fields="bottom_first", rate=NTSC, says="Main BFF")),
    (MASTERS, Made(Codec.XDCAM, C422, 8, HD, fields="top_first", says="4:2:2@High TFF")),
    (MASTERS, Made(Codec.XDCAM, C422, 8, SMALL, FAST, says="4:2:2@High ")),
    (MXF_TOO, Made(Codec.XDCAM, C422, 8, HD, FILM, says="4:2:2@High ")),
    (MASTERS, _prores(ProresProfile.PROXY, "422 Proxy ")),
    (MASTERS, _prores(ProresProfile.LT, "422 LT ")),
    (MASTERS, _prores(ProresProfile.STANDARD, "422 ")),
    (MXF_TOO, _prores(ProresProfile.HQ, "422 HQ ")),
    (BOXED[:1], _prores(ProresProfile.HQ, "422 HQ TFF", fields="top_first")),
    (MASTERS, _prores(ProresProfile.FOUR, "4444 ", C444)),
    (MASTERS, _prores(ProresProfile.FOUR_XQ, "4444 XQ ", C444)),
    (MASTERS, _dnx(DnxProfile.DNXHD_LB, 8, "DNxHD 45 ", size=HD, rate=NTSC)),
    (MASTERS, _dnx(DnxProfile.DNXHD_SQ, 8, "DNxHD 120 TFF", size=HD, fields="top_first")),
    (MASTERS, _dnx(DnxProfile.DNXHD_HQ, 8, "DNxHD 110 ", size=SMALL, rate=NTSC)),
    (MASTERS, _dnx(DnxProfile.DNXHD_HQX, 10, "DNxHD 220x ", size=HD, rate=NTSC)),
    (MASTERS, _dnx(DnxProfile.DNXHR_LB, 8, "DNxHR LB ")),
    (MASTERS, _dnx(DnxProfile.DNXHR_SQ, 8, "DNxHR SQ ")),
    (MASTERS, _dnx(DnxProfile.DNXHR_HQ, 8, "DNxHR HQ ")),
    (MASTERS, _dnx(DnxProfile.DNXHR_HQX, 10, "DNxHR HQX ")),
    (MASTERS, _dnx(DnxProfile.DNXHR_444, 10, "DNxHR 444 ", C444)),
    (BOXED[:1], Made(Codec.FFV1, Chroma.C410, 8, says="FFV1 ")),
    (MASTERS, Made(Codec.FFV1, Chroma.C411, 8, says="FFV1 ")),
    (MXF_TOO, Made(Codec.FFV1, C422, 14, says="FFV1 ")),
    (BOXED[:1], Made(Codec.FFV1, Chroma.C440, 12, says="FFV1 ")),
    (MASTERS, Made(Codec.FFV1, C444, 16, says="FFV1 ")),
    (BOXED[:1], Made(Codec.FFV1, fields="top_first", says="FFV1 TFF")),
]

CASES = [pytest.param(made, container, id=f"{container}-{made.name}") for some, made in MATRIX for container in some]


@cache
def _context() -> Context:
    return Context(tools(), MediaLimits())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each format's one chunk is encoded once, for all containers."""
    return tmp_path_factory.mktemp("formats")


def _workspace(folder: Path, made: Made) -> Workspace:
    workspace = Workspace(folder / made.name)
    if not workspace.root.exists():
        workspace.input_dir(0).mkdir(parents=True)
        workspace.input_file(0).hardlink_to(clip(2))
        encode(plan_of(made.target(Container.MOV)), 0, chunk_file(workspace, 0))
    return workspace


@pytest.mark.parametrize(("made", "container"), CASES)
def test_it_is_what_was_asked_for(made: Made, container: Container, folder: Path) -> None:
    workspace = _workspace(folder, made)
    sound = Sound(stream=1, codec="pcm_s24le" if container is Container.MXF else "copy")
    plan = plan_of(made.target(container), sounds=(sound,), whole=False)
    file = assemble(plan, workspace, _context())
    verified = verify_enhanced(plan, workspace, _context())
    assert verified.decoded == plan.target.picture.frames
    with av.open(file) as opened:
        frames = list(opened.decode(video=0))
        assert len(frames) == plan.target.picture.frames
        assert (frames[0].width, frames[0].height) == made.size
    _second_opinion(made, file)


def _second_opinion(made: Made, file: Path) -> None:
    """MediaInfo names the profile or the maker's name for it, and how fields lie."""
    track = next(track for track in MediaInfo.parse(file).tracks if track.track_type == "Video")
    names = [track.format_profile, track.commercial_name, track.format]
    said = " | ".join(str(name) for name in names if name)
    name, _, order = made.says.rpartition(" ")
    assert name in said, said
    assert (track.scan_order or "") == order, f"{track.scan_type} {track.scan_order}"
    if made.codec is not Codec.PRORES:  # whose frames do not say how many bits they were made of
        assert int(track.bit_depth or made.bits) == made.bits


def test_every_other_combination_is_refused_before_any_work() -> None:
    """Together with the cases above this is the whole product of containers, codecs and profiles."""
    made = {(container, made.codec, made.profile) for some, made in MATRIX for container in some}
    refused: set[tuple[Container, Codec, ProresProfile | DnxProfile | None]] = set()
    for container in Container:
        for codec in Codec:
            for profile in {Codec.PRORES: ProresProfile, Codec.DNXHD: DnxProfile}.get(codec, (None,)):
                prores = profile if isinstance(profile, ProresProfile) else None
                dnx = profile if isinstance(profile, DnxProfile) else None
                asked = Enhancement(container=container, codec=codec, prores=prores, dnx=dnx)
                with suppress(TelecineError):
                    check_request(asked)
                    continue
                refused.add((container, codec, profile))
    replaced = {(container, Codec.DNXHD, DnxProfile.DNXHD_444) for container in MASTERS}
    assert not made & refused
    assert len(made | refused | replaced) == len(Container) * (5 + len(ProresProfile) + len(DnxProfile))
