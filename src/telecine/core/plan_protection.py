"""Protection's part of the plan: which track of a tree gets which label, how long it stays clear, which manifests."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from telecine.core.drm import Label, Scheme, track_types
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, JobSpec, Protection
from telecine.core.limits import Policy
from telecine.core.plan import AudioOutput, TreeProtection, VideoOutput

_LEAST_ENCRYPTED = Fraction(1, 2)
"""Seconds that must be left after the clear lead: sound may end a little before the picture does."""


def scheme_of(tree: Format, policy: Policy) -> Scheme:
    """The house's encryption scheme for trees of one format."""
    schemes = {
        Format.DASH: policy.drm_scheme_dash,
        Format.HLS: policy.drm_scheme_hls,
        Format.CMAF: policy.drm_scheme_cmaf,
    }
    return schemes[tree]


def transport_stream(tree: Format, video: Sequence[VideoOutput], policy: Policy, *, protected: bool) -> bool:
    """Whether a tree's segments are MPEG-TS: HLS in h264, which is encrypted there in cbcs or not at all."""
    may_be = policy.hls_transport_stream
    if protected:
        may_be = policy.drm_hls_transport_stream and scheme_of(tree, policy) is Scheme.CBCS
    return may_be and tree is Format.HLS and all(output.codec == "h264" for output in video)


def may_have_thumbnails(spec: JobSpec, policy: Policy) -> bool:
    """Whether previews of the job's pictures may be published: they are JPEG files, which nothing encrypts."""
    return policy.thumbnails and (policy.drm_thumbnails or not spec.protected)


def clear_lead(wanted: Protection, segment: Fraction) -> Fraction:
    """Seconds that stay clear: rounded up to whole segments, for a segment is either clear or not."""
    return ceil(Fraction(wanted.clear_lead).limit_denominator(1000) / segment) * segment


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


def clear_until(protection: TreeProtection, segment: Fraction) -> Fraction:
    """Seconds: a media segment that begins before stays clear, one that begins then or later does not.

    That is half a segment before the clear lead ends, for segments may be a little shorter or longer than `segment`.
    """
    return max(Fraction(0), protection.clear_lead - segment / 2)


def check_encrypts(
    protection: TreeProtection, segment: Fraction, duration: Fraction, last: Fraction, *, lead_at: str, audio_at: str
) -> None:
    """Who asks for encryption gets some of it, or no job. `last` is when the last segment begins, in seconds.

    Raises FIELD_INVALID or FIELD_OUT_OF_RANGE, at the request's fields for skipped audio and for the clear lead.
    """
    if not protection.labels:
        detail = "all of it is audio, so nothing would be encrypted."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field=audio_at)
    lead = protection.clear_lead
    if lead and (lead + _LEAST_ENCRYPTED >= duration or last < clear_until(protection, segment)):
        detail = (
            f"in segments of {float(segment):g} s it is {float(lead):g} s long, and the programme "
            f"{float(duration):.1f} s; some must be left to encrypt."
        )
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, detail, field=lead_at)
