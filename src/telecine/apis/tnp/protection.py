"""Reads `output.drm`: which keys, which tracks, which manifests."""

from telecine.apis.drm_options import protection_of
from telecine.apis.findings import Findings
from telecine.apis.tnp.schema_job import Drm, DrmOption
from telecine.core.job import Protection

_AT = "output.drm.option"


def read_protection(drm: Drm | None, found: Findings, *, pictures: bool) -> Protection | None:
    """The protection that the request asks for; None where it asks for none, whatever its options say.

    `pictures` tells whether the job has any: a job of sound alone whose sound is to stay clear encrypts nothing.
    """
    if drm is None or not drm.enabled:
        return None
    option = drm.option or DrmOption()
    if option.skip_audio_encryption and not pictures:
        found.invalid(f"{_AT}.skip_audio_encryption", "the job has audio alone, so nothing would be encrypted.")
    return protection_of(option, _AT, found)
