"""What pirates do to a marked copy, as descriptions that a program can carry out, and what it may cost at most.

Each attack begins with what viewers were delivered, changes time, then the picture, and encodes again, once or twice.
Most changes are filters of ffmpeg; those it has not are in `bench.redraw`. `bench.pirate` carries attacks out. Levels
and gates (the greatest share of the segments left that may be read wrongly) follow the project's research on
watermarks, as do the figures of its prototype.
"""

from dataclasses import dataclass
from enum import StrEnum

from bench.mixes import EVERY_OTHER, EVERY_THIRD, Mix, mix_named

type Span = tuple[float, float]
"""A stretch of the title, begin and end in parts of its length."""

CLEAR = 0.01
WHOLE: tuple[Span, ...] = ((0.0, 1.0),)


class Group(StrEnum):
    """Kinds of attack."""

    CODEC = "codec"
    SCALE = "scale"
    CROP = "crop and pad"
    GEOMETRY = "geometry"
    PHOTOMETRIC = "photometric"
    TEMPORAL = "temporal"
    FILTER = "filters"
    CAPTURE = "capture"
    COLLUSION = "collusion"
    HOSTILE = "hostile"


@dataclass(frozen=True, slots=True)
class Shape:
    """What is attacked: size in pixels, frames a second, length in seconds, frames of a segment."""

    width: int
    height: int
    rate: float
    seconds: float
    segment_frames: int


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    `filters` is a chain of ffmpeg's filters, with `{w}` and `{h}` for the copy's size. Before it, `mix` joins
    copies into one, `cuts` says which stretches of the title are left, in what order, and `advert` that foreign matter
    comes behind the first; `redraw` names a change of `bench.redraw`, made first of all. `encoders` encode one after
    the other.

    `gate`: the greatest share of wrong bits among the segments left, None where it is only reported. `prototype`: what
    the research prototype had at strength 0.7, and `at_half` at strength 0.5: median and least z of a segment.
    """

    name: str
    group: Group
    filters: str = "null"
    encoders: tuple[tuple[str, ...], ...] = ()
    mix: Mix | None = None
    cuts: tuple[Span, ...] = WHOLE
    advert: bool = False
    redraw: str = ""
    prototype: tuple[float, float] | None = None
    at_half: tuple[float, float] | None = None
    gate: float | None = CLEAR

    @property
    def copies(self) -> int:
        """How many viewers' copies it takes."""
        return self.mix.copies if self.mix else 1

    def remaining(self, positions: int, segment_seconds: float, seconds: float) -> list[int]:
        """The positions of a title of `seconds` of which more than half is left."""
        left = []
        for position in range(positions):
            begin = position * segment_seconds
            end = min(begin + segment_seconds, seconds)
            kept = sum(max(0.0, min(end, b * seconds) - max(begin, a * seconds)) for a, b in self.cuts)
            if kept > (end - begin) / 2:
                left.append(position)
        return left


_PLAIN = ("-pix_fmt", "yuv420p")


def x264(crf: int) -> tuple[str, ...]:
    return ("-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), *_PLAIN)


def x265(crf: int) -> tuple[str, ...]:
    return ("-c:v", "libx265", "-preset", "veryfast", "-crf", str(crf), "-x265-params", "log-level=error", *_PLAIN)


def av1(crf: int) -> tuple[str, ...]:
    return ("-c:v", "libsvtav1", "-preset", "10", "-crf", str(crf), *_PLAIN)


VP9 = ("-c:v", "libvpx-vp9", "-b:v", "300k", "-deadline", "realtime", "-cpu-used", "6", "-row-mt", "1", *_PLAIN)


def _crop(share: float) -> str:
    """What is left when `share` of the size is cut off each side, enlarged to the size it had."""
    kept = 1 - 2 * share
    return f"crop=trunc(iw*{kept:g}/2)*2:trunc(ih*{kept:g}/2)*2,scale={{w}}:{{h}}"


def _rotate(degrees: float) -> str:
    return f"rotate={degrees:g}*PI/180:c=black"


_SMALL_PICTURE = "scale=trunc(iw*0.4)*2:trunc(ih*0.4)*2,pad={w}:{h}:(ow-iw)/2:(oh-ih)/2"
_BOXES = (
    "drawbox=x=iw*0.04:y=ih*0.06:w=iw*0.16:h=ih*0.14:color=white:t=fill,"
    "drawbox=x=iw*0.15:y=ih*0.80:w=iw*0.70:h=ih*0.13:color=black:t=fill"
)
_KEYSTONE = "perspective=x0=0.03*W:y0=0.02*H:x1=0.98*W:y1=0.04*H:x2=0.01*W:y2=0.97*H:x3=0.96*W:y3=0.98*H"
_SCREEN = (
    "perspective=x0=0.03*W:y0=0.04*H:x1=0.97*W:y1=0.02*H:x2=0.02*W:y2=0.97*H:x3=0.98*W:y3=0.95*H:sense=destination,"
    "gblur=sigma=1.2,eq=gamma=1.15:contrast=0.92,vignette=PI/5,noise=alls=7:allf=t,fps=30"
)
# 28 pixels of 1280 to each side, 14 of 720 up and down, 0.6 degrees, at 0.9 to 3.1 Hz, and 7.5 % closer.
_TIME = "2*PI*on/25"
_ASIDE = f"W*0.0219*(0.6*sin(0.9*{_TIME})+0.4*sin(2.3*{_TIME}+1))"
_UPWARD = f"H*0.0194*(0.6*sin(1.4*{_TIME}+2)+0.4*sin(3.1*{_TIME}))"
_SHAKE = (
    "rotate=0.0105*sin(1.1*2*PI*t):c=black,perspective=eval=frame:"
    f"x0=W*0.0375+{_ASIDE}:y0=H*0.0375+{_UPWARD}:x1=W*0.9625+{_ASIDE}:y1=H*0.0375+{_UPWARD}:"
    f"x2=W*0.0375+{_ASIDE}:y2=H*0.9625+{_UPWARD}:x3=W*0.9625+{_ASIDE}:y3=H*0.9625+{_UPWARD}"
)
_SHUFFLED: tuple[Span, ...] = ((0.66, 0.83), (0.0, 0.22), (0.83, 1.0), (0.41, 0.66), (0.22, 0.41))

ATTACKS = (
    Attack("delivered", Group.CODEC, prototype=(40.9, 30.7), at_half=(38.5, 23.6)),
    Attack("x264 CRF 23", Group.CODEC, encoders=(x264(23),), prototype=(39.1, 29.5)),
    Attack("x264 CRF 28", Group.CODEC, encoders=(x264(28),), prototype=(33.7, 25.0)),
    Attack("x264 CRF 35", Group.CODEC, encoders=(x264(35),), prototype=(17.7, 10.3), at_half=(13.0, 6.4)),
    Attack("x264 CRF 40", Group.CODEC, encoders=(x264(40),), prototype=(8.6, 2.1), gate=0.10),
    Attack("x265 CRF 28", Group.CODEC, encoders=(x265(28),)),
    Attack("x265 CRF 32", Group.CODEC, encoders=(x265(32),), prototype=(25.1, 12.1)),
    Attack("VP9 300 kb/s", Group.CODEC, encoders=(VP9,), prototype=(28.4, 12.1)),
    Attack("AV1 CRF 45", Group.CODEC, encoders=(av1(45),)),
    Attack("two generations, x264 CRF 28 and x265 CRF 30", Group.CODEC, encoders=(x264(28), x265(30))),
    Attack("480p CRF 26", Group.SCALE, "scale=-2:480", (x264(26),), prototype=(32.3, 23.2)),
    Attack("360p CRF 28", Group.SCALE, "scale=-2:360", (x264(28),), prototype=(24.0, 14.9), at_half=(17.9, 8.3)),
    Attack("240p CRF 30", Group.SCALE, "scale=-2:240", (x264(30),), prototype=(11.7, 5.7), gate=0.05),
    Attack("1080p CRF 26", Group.SCALE, "scale=-2:1080", (x264(26),)),
    Attack("crop 5 % each side", Group.CROP, _crop(0.05), prototype=(32.4, 24.1)),
    Attack("crop 10 % each side", Group.CROP, _crop(0.10), prototype=(29.4, 22.0), at_half=(26.8, 17.4)),
    Attack("crop 25 % each side", Group.CROP, _crop(0.25), prototype=(18.2, 13.1), gate=0.05),
    Attack("picture in picture 80 %", Group.CROP, _SMALL_PICTURE, prototype=(27.2, 21.9)),
    Attack("letterbox in 4:3", Group.CROP, "pad=iw:trunc(iw*3/8)*2:0:(oh-ih)/2"),
    Attack("4:3 squeeze", Group.CROP, "scale=trunc(ih*2/3)*2:ih,setsar=1", prototype=(34.5, 25.9)),
    Attack("logo and subtitle boxes", Group.CROP, _BOXES, prototype=(8.9, 5.2), at_half=(7.1, 2.2)),
    Attack("rotate 0.5 deg", Group.GEOMETRY, _rotate(0.5)),
    Attack("rotate 1 deg", Group.GEOMETRY, _rotate(1), prototype=(33.7, 25.9)),
    Attack("rotate 2 deg", Group.GEOMETRY, _rotate(2), prototype=(34.0, 25.3)),
    Attack("rotate 5 deg", Group.GEOMETRY, _rotate(5), prototype=(33.1, 25.1)),
    Attack("rotate 10 deg", Group.GEOMETRY, _rotate(10)),
    Attack("perspective", Group.GEOMETRY, _KEYSTONE),
    Attack("mirrored", Group.GEOMETRY, "hflip", prototype=(36.1, 27.4)),
    Attack("shear", Group.GEOMETRY, "shear=shx=0.05:shy=0.02:c=black"),
    Attack("random bending 6 px", Group.GEOMETRY, redraw="bend", prototype=(24.1, 16.6)),
    Attack("brighter, contrast 1.2", Group.PHOTOMETRIC, "eq=brightness=0.08:contrast=1.2", prototype=(31.8, 19.4)),
    Attack("contrast 0.8", Group.PHOTOMETRIC, "eq=contrast=0.8"),
    Attack("gamma 1.5", Group.PHOTOMETRIC, "eq=gamma=1.5", prototype=(33.9, 24.4)),
    Attack("gamma 0.7 and grey", Group.PHOTOMETRIC, "eq=gamma=0.7:saturation=0", prototype=(31.6, 6.2)),
    Attack("tinted by curves", Group.PHOTOMETRIC, "curves=preset=vintage"),
    Attack("30 fps, frames repeated", Group.TEMPORAL, "fps=30", prototype=(35.7, 26.6)),
    Attack("24 fps, frames dropped", Group.TEMPORAL, "fps=24", prototype=(34.3, 26.0)),
    Attack("30 fps, frames blended", Group.TEMPORAL, "framerate=fps=30", prototype=(34.0, 23.2)),
    Attack("speed +4 %", Group.TEMPORAL, "setpts=PTS/1.04,fps=25", prototype=(35.6, 26.8)),
    Attack("speed -4 %", Group.TEMPORAL, "setpts=PTS/0.96,fps=25"),
    Attack("5 % of frames dropped", Group.TEMPORAL, "select=gt(random(1)\\,0.05)"),
    Attack("2.5 % of frames dropped, closed up", Group.TEMPORAL, "select=mod(n\\,40),setpts=N/(25*TB)"),
    Attack("average of 3 frames", Group.TEMPORAL, "tmix=frames=3", prototype=(33.2, 13.3)),
    Attack("begins at a third", Group.TEMPORAL, cuts=((0.335, 1.0),), prototype=(36.4, 27.2)),
    Attack("scenes shuffled", Group.TEMPORAL, cuts=_SHUFFLED),
    Attack("advert inserted", Group.TEMPORAL, cuts=((0.0, 0.4), (0.4, 1.0)), advert=True),
    Attack("blur, sigma 2", Group.FILTER, "gblur=sigma=2", prototype=(31.2, 25.0)),
    Attack("median 5 x 5", Group.FILTER, "median=radius=2"),
    Attack("denoised, hqdn3d 8", Group.FILTER, "hqdn3d=8", prototype=(19.4, 10.5), at_half=(15.2, 5.7)),
    Attack("noise 12", Group.FILTER, "noise=alls=12:allf=t", prototype=(38.2, 27.5)),
    Attack("sharpened", Group.FILTER, "unsharp=5:5:1.0", prototype=(35.7, 27.7)),
    Attack("grain removed and added", Group.FILTER, "hqdn3d=5,noise=alls=8:allf=t"),
    Attack("screen capture", Group.CAPTURE, _SCREEN, (x264(28),), prototype=(16.7, 8.7), at_half=(12.6, 5.3),
           gate=0.05),
    Attack("shake", Group.CAPTURE, _SHAKE, prototype=(32.3, 22.7), gate=0.05),
    Attack("screen capture and shake", Group.CAPTURE, f"{_SHAKE},{_SCREEN}", (x264(28),), prototype=(12.0, 3.3),
           gate=0.05),
    Attack("crop 5 %, rotate 1 deg, gamma 1.2, 480p, CRF 30", Group.CAPTURE,
           f"{_crop(0.05)},{_rotate(1)},eq=gamma=1.2,scale=-2:480", (x264(30),), prototype=(20.3, 12.6),
           at_half=(16.1, 8.9), gate=0.05),
    Attack("average of two copies", Group.COLLUSION, mix=mix_named("average of 2")),
    Attack("brighter of two copies", Group.COLLUSION, mix=mix_named("brightest of 2")),
    Attack("frames of two copies in turn", Group.COLLUSION, mix=EVERY_OTHER),
    Attack("average of three copies", Group.COLLUSION, mix=mix_named("average of 3")),
    Attack("brightest of three copies", Group.COLLUSION, mix=mix_named("brightest of 3")),
    Attack("frames of three copies in turn", Group.COLLUSION, mix=EVERY_THIRD),
    Attack("segments of three copies in turn", Group.COLLUSION, mix=mix_named("3 cut together")),
    Attack("estimate of each segment's mark subtracted", Group.HOSTILE, redraw="subtract", gate=None),
    Attack("marked again with another key", Group.HOSTILE, redraw="mark_again", gate=None),
)  # fmt: skip
"""The whole matrix. What names no encoder is encoded by x264 at CRF 26."""

USUAL = x264(26)
SMOKE = (
    "x264 CRF 35", "360p CRF 28", "crop 10 % each side", "rotate 2 deg", "mirrored", "gamma 1.5",
    "24 fps, frames dropped", "logo and subtitle boxes",
)  # fmt: skip
"""The eight that a quick run and the tests carry out."""


def named(*names: str) -> list[Attack]:
    """The attacks with these names, in the order of the matrix. Raises ValueError for a name that none has."""
    unknown = set(names) - {attack.name for attack in ATTACKS}
    if unknown:
        raise ValueError(f"no attack is called {', '.join(sorted(unknown))}")
    return [attack for attack in ATTACKS if attack.name in names]
