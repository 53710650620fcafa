"""Protection's part of the plan: which track of a tree gets which label, how long it stays clear, which manifests."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from telecine.core.drm import Label, Scheme, track_types
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, JobSpec, Protection
from telecine.core.limits import Policy
from telecine.core.plan import AudioOutput, TreeProtection, VideoOutput


def scheme_of(tree: Format, policy: Policy) -> Scheme:
    """The house's encryption scheme for trees of one format."""
    schemes = {
        Format.DASH: policy.drm_scheme_dash,
        Format.HLS: policy.drm_scheme_hls,
        Format.CMAF: policy.drm_scheme_cmaf,
    }
    return schemes[tree]


def clear_lead(wanted: Protection, segment: Fraction) -> Fraction:
    """Seconds that stay clear: rounded up to whole segments, for a segment is either clear or not."""
    return ceil(Fraction(wanted.clear_lead).limit_denominator(1000) / segment) * segment


def check_clear_lead(wanted: Protection, segment: Fraction, duration: Fraction, field: str) -> None:
    """Refuse, naming `field`, a clear lead over everything: who asks for encryption gets some of it, or no job."""
    if clear_lead(wanted, segment) >= duration:
        raise TelecineError(
            ErrorKind.FIELD_OUT_OF_RANGE,
            f"{wanted.clear_lead:g} s, in segments of {float(segment):g} s, are all of the programme, "
            f"which lasts {float(duration):.1f} s.",
            field=field,
        )


def may_have_thumbnails(spec: JobSpec, policy: Policy) -> bool:
    """Whether previews of the job's pictures may be published: they are JPEG files, which nothing encrypts."""
    return policy.thumbnails and (policy.drm_thumbnails or not spec.protected)


def tree_protection(
    wanted: Protection,
    scheme: Scheme,
    segment: Fraction,
    content_id: str,
    video: Sequence[VideoOutput],
    audio: Sequence[AudioOutput],
) -> TreeProtection:
    """How a tree of these tracks, in segments of `segment` seconds, is encrypted."""
    sizes = {output.name: wanted.ladder.label(output.height) for output in video}
    labels = sizes if wanted.multi_key else dict.fromkeys(sizes, Label.ALL)
    sound = Label.AUDIO if wanted.multi_key else Label.ALL
    if not wanted.skip_audio:
        labels = labels | {output.name: sound for output in audio}
    return TreeProtection(
        scheme=scheme,
        key_id=wanted.key_id or content_id,
        labels=labels,
        clear_lead=clear_lead(wanted, segment),
        track_types=track_types(sizes.values()) if wanted.multi_key and wanted.track_type_manifests else (),
        video_labels=sizes,
    )
