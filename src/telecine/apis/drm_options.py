"""Reads the options of encryption, which two dialects spell alike."""

from typing import Protocol

from telecine.apis.findings import Findings
from telecine.core.drm import Ladder
from telecine.core.job import Protection

HEIGHTS = ("max_sd_height", "max_hd_height", "max_uhd1_height")


class DrmOptions(Protocol):
    """What both wires have. None is what was not sent."""

    @property
    def multi_key(self) -> bool | None: ...  # noqa: D102
    @property
    def skip_audio_encryption(self) -> bool | None: ...  # noqa: D102
    @property
    def max_sd_height(self) -> int | None: ...  # noqa: D102
    @property
    def max_hd_height(self) -> int | None: ...  # noqa: D102
    @property
    def max_uhd1_height(self) -> int | None: ...  # noqa: D102
    @property
    def clear_lead(self) -> float | None: ...  # noqa: D102
    @property
    def generate_tracktype_manifests(self) -> bool | None: ...  # noqa: D102


def protection_of(option: DrmOptions, at: str, found: Findings) -> Protection:
    """The protection that `option`, at this place of the request, asks for."""
    multi_key = bool(option.multi_key)
    if option.generate_tracktype_manifests and not multi_key:
        found.warn(f"'{at}.generate_tracktype_manifests' has no effect without multi_key.")
    return Protection(
        multi_key=multi_key,
        ladder=_ladder(option, at, found) if multi_key else Ladder(),
        skip_audio=bool(option.skip_audio_encryption),
        clear_lead=float(option.clear_lead or 0),
        track_type_manifests=bool(option.generate_tracktype_manifests),
    )


def _ladder(option: DrmOptions, at: str, found: Findings) -> Ladder:
    """Zero, which the documents' own samples send, means the default, as a missing height does."""
    given = {name: value for name in HEIGHTS if (value := getattr(option, name))}
    ladder = Ladder(**given)
    tops = [getattr(ladder, name) for name in HEIGHTS]
    for lower, higher, name in zip(tops, tops[1:], HEIGHTS[1:], strict=False):
        if higher <= lower:
            found.out_of_range(f"{at}.{name}", f"it must be more than {lower}, where the class below it ends.")
            return Ladder()
    return ladder
