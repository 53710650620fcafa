"""Reads `output.drm`: which keys, which tracks, which manifests."""

from telecine.apis.findings import Findings
from telecine.apis.tnp.schema_job import Drm, DrmOption
from telecine.core.drm import Ladder
from telecine.core.job import Protection

_AT = "output.drm.option"
_HEIGHTS = ("max_sd_height", "max_hd_height", "max_uhd1_height")


def read_protection(drm: Drm | None, found: Findings, *, pictures: bool) -> Protection | None:
    """The protection that the request asks for; None where it asks for none, whatever its options say.

    `pictures` tells whether the job has any: a job of sound alone whose sound is to stay clear encrypts nothing.
    """
    if drm is None or not drm.enabled:
        return None
    option = drm.option or DrmOption()
    multi_key = bool(option.multi_key)
    if option.skip_audio_encryption and not pictures:
        found.invalid(f"{_AT}.skip_audio_encryption", "the job has audio alone, so nothing would be encrypted.")
    if option.generate_tracktype_manifests and not multi_key:
        found.warn(f"'{_AT}.generate_tracktype_manifests' has no effect without multi_key.")
    return Protection(
        multi_key=multi_key,
        ladder=_ladder(option, found) if multi_key else Ladder(),
        skip_audio=bool(option.skip_audio_encryption),
        clear_lead=float(option.clear_lead or 0),
        track_type_manifests=bool(option.generate_tracktype_manifests),
    )


def _ladder(option: DrmOption, found: Findings) -> Ladder:
    """Zero, which the document's own sample sends, means the default, as a missing height does."""
    given = {name: value for name in _HEIGHTS if (value := getattr(option, name))}
    ladder = Ladder(**given)
    tops = [getattr(ladder, name) for name in _HEIGHTS]
    for lower, higher, name in zip(tops, tops[1:], _HEIGHTS[1:], strict=False):
        if higher <= lower:
            found.out_of_range(f"{_AT}.{name}", f"it must be more than {lower}, where the class below it ends.")
            return Ladder()
    return ladder
