"""The chain of stages: deinterlace, denoise, stabilise, scale, change the rate, add grain, interlace.

In this order, because each step wants what the one before makes: fields hide noise and motion from filters, scalers
enlarge noise and shaking too, few pixels are quicker to filter than many, and grain must be neither scaled nor blended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from telecine.core.enhance.engines import CHOICES, ENGINES, Engine
from telecine.core.enhance.options import Clarity, Converter, Scaler, Tier
from telecine.core.enhance.picture import Fields, Picture
from telecine.core.enhance.plan import Setting, Stage
from telecine.core.enhance.resolution import Frame
from telecine.core.enhance.scan import Fielding
from telecine.core.enhance.spec import Enhancement
from telecine.core.errors import ErrorKind, TelecineError

EVERY_ENGINE: Mapping[str, str] = dict.fromkeys(ENGINES, "")
"""For a plan that is made before anybody knows what the worker has."""


@dataclass
class Chain:
    """Stages as they are added; `picture` is what the last one makes."""

    picture: Picture
    tier: Tier
    available: Mapping[str, str]
    notes: list[str]
    stages: list[Stage] = field(default_factory=list)

    def add(
        self,
        option: str,
        value: str,
        after: Picture | None = None,
        *,
        engine: tuple[Engine, Tier] | None = None,
        settings: Mapping[str, Setting] | None = None,
    ) -> None:
        """One more stage, that makes pictures like `after`, or like those it is given. Raises ENGINE_MISSING."""
        chosen, tier = engine or choose_engine(option, value, self.tier, self.available, self.notes)
        after = after or self.picture
        self.stages.append(
            Stage(
                option=option,
                value=value,
                engine=chosen.name,
                version=self.available[chosen.name],
                tier=tier,
                host=chosen.host,
                entry=chosen.entry,
                settings=dict(settings or {}),
                radius=chosen.radius,
                before=self.picture,
                after=after,
            )
        )
        self.picture = after

    def at_rate(self, rate: Fraction, fields: Fields = "progressive") -> Picture:
        """The picture at `rate`, lasting as long as before, up to half a frame."""
        frames = frames_at(self.picture, rate)
        return self.picture.model_copy(update={"rate": rate, "frames": frames, "fields": fields})


def frames_at(picture: Picture, rate: Fraction) -> int:
    """Frames of `picture`'s timeline at `rate`: as many as its length holds, rounded, half up, at least one."""
    return max(1, int(picture.frames * rate / picture.rate + Fraction(1, 2)))


def choose_engine(
    option: str, value: str, tier: Tier, available: Mapping[str, str], notes: list[str]
) -> tuple[Engine, Tier]:
    """Who does `value` of `option`, and in which tier: the first engine of `tier` that is `available`.

    Raises ENGINE_MISSING where none is. A line in `notes` says who stands in for whom.
    """
    choices = CHOICES[option, value]
    tier = tier if tier in choices else Tier.QUALITY
    names = _distinct((*choices[tier], *choices[Tier.QUALITY])) if tier == Tier.FAST else choices[tier]
    found = next((name for name in names if name in available), None)
    if found is None:
        raise TelecineError(
            ErrorKind.ENGINE_MISSING,
            f"{value} needs {' or '.join(names)}; install telecine[enhance] on the worker.",
            field=option,
        )
    if found != names[0]:
        notes.append(f"{value}: {names[0]} is missing on this machine; {found} does it.")
    return ENGINES[found], tier


def make_chain(
    chain: Chain, asked: Enhancement, fielding: Fielding, frame: Frame, noise: float | None
) -> Sequence[Stage]:
    """All stages of `asked`. `noise`: standard deviation in 8-bit steps, where it was measured."""
    _deinterlace(chain, fielding)
    if asked.denoiser:
        settings = {} if noise is None else {"sigma": noise}
        chain.add("denoiser", asked.denoiser, settings=settings)
    if asked.stabilizer:
        chain.add("stabilizer", asked.stabilizer)
    _scale(chain, asked, frame)
    _rate(chain, asked)
    if asked.post:
        chain.add("postProcessor", asked.post, settings={"seed": _seed(chain.picture)})
    if fielding.weave:
        _interlace(chain, fielding)
    return chain.stages


def _interlace(chain: Chain, fielding: Fielding) -> None:
    """Weave pictures. Those that were fields before, and are still as high, have nothing that a field cannot hold.

    So the rows that a deinterlacer left alone come back as they were.
    """
    woven = chain.at_rate(chain.picture.rate / 2, fielding.target)
    scaled = any(stage.option == "scaler" for stage in chain.stages)
    fine = fielding.source == "progressive" or scaled
    chain.add("scanning", "interlace", woven, settings={} if fine else {"prefilter": "none"})


def needs_frames(asked: Enhancement, frame: Frame, picture: Picture) -> bool:
    """Whether anything of `asked` looks at whole pictures: all but grain, which goes on fields as well as on frames."""
    moved = asked.rate is not None and asked.rate != picture.rate
    return bool(asked.denoiser or asked.stabilizer or moved or scales(asked, frame, picture))


def scales(asked: Enhancement, frame: Frame, picture: Picture) -> bool:
    """Whether there is anything for a scaler to do; those that restore have it at the same size too."""
    restores = asked.scaler not in (None, Scaler.SCALE)
    return restores or (frame.width, frame.height) != (picture.width, picture.height)


def _deinterlace(chain: Chain, fielding: Fielding) -> None:
    if fielding.deinterlacer is None:
        return
    whole = chain.at_rate(chain.picture.rate * (2 if fielding.doubled else 1))
    engine = None
    if fielding.inserted:
        engine = choose_engine("deinterlacer", "deint", Tier.FAST, chain.available, chain.notes)
        chain.notes.append(
            "the interlaced source is taken apart into whole pictures, which the filters need"
            + (", and interlaced again after them." if fielding.weave else ".")
        )
    chain.add("deinterlacer", fielding.deinterlacer, whole, engine=engine)


def _scale(chain: Chain, asked: Enhancement, frame: Frame) -> None:
    picture = chain.picture
    scaled = picture.model_copy(update=frame._asdict())
    if not scales(asked, frame, picture):
        chain.picture = scaled
        return
    scaler = asked.scaler or Scaler.SCALE
    larger = max(Fraction(frame.width, picture.width), Fraction(frame.height, picture.height))
    engine = None
    if larger < 1 and scaler != Scaler.SCALE:
        engine = choose_engine("scaler", "reduce", chain.tier, chain.available, chain.notes)
        chain.notes.append(f"{scaler} restores detail of larger pictures; {engine[0].name} makes the smaller one.")
    settings: dict[str, Setting] = {}
    if scaler == Scaler.PABSR1 and engine is None:
        settings["clarity"] = tuple(Clarity).index(asked.clarity or Clarity.NONE)
    chain.add("scaler", scaler, scaled, engine=engine, settings=settings)


def _rate(chain: Chain, asked: Enhancement) -> None:
    rate = asked.rate
    if rate is None or rate == chain.picture.rate:
        return
    converter = asked.converter or Converter.FPS
    chain.add("frameRateConverter", converter, chain.at_rate(rate))


def _seed(picture: Picture) -> int:
    """A number for the grain, the same on every worker: grain of another video need not differ in it."""
    return ceil(picture.seconds * 1000) * 31 + picture.width


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
