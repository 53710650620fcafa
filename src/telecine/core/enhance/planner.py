"""Makes the plan of an enhancement: every decision, from the request, the probe and what ingestion found.

Pure, so that a request can be checked by planning it before anything is stored, and so that a plan is the same on
every worker. It is made twice: when it is asked for, with frames as the probe counts them and every engine taken for
granted, and when work begins, with the frames that were really decoded and the engines that are really there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Literal, cast

from telecine.core.enhance.chain import EVERY_ENGINE, Chain, make_chain, needs_frames
from telecine.core.enhance.chunks import cut_frames
from telecine.core.enhance.coding import bitrate_of, gop_of
from telecine.core.enhance.colours import carried_colour
from telecine.core.enhance.infer import Encoding, infer_encoding
from telecine.core.enhance.options import Chroma, Scaler, Scan
from telecine.core.enhance.picture import Picture, Span
from telecine.core.enhance.plan import EnhancePlan, Source, Target
from telecine.core.enhance.refusals import START, out_of_range
from telecine.core.enhance.resolution import Frame, steps, target_frame
from telecine.core.enhance.rules import (
    can_interlace,
    check_clip,
    check_enlarging,
    check_inferred,
    check_interlacing,
    check_request,
    check_scaler,
    check_target,
)
from telecine.core.enhance.scan import Fielding, decide_fields
from telecine.core.enhance.sounds import plan_sounds
from telecine.core.enhance.source import (
    Scanned,
    SourceFrames,
    depth_of,
    estimated_frames,
    picture_of,
    scanned,
)
from telecine.core.enhance.spec import Clip, Enhancement
from telecine.core.ingest import Findings
from telecine.core.media_info import MediaInfo, VideoTrack

CHUNK_SECONDS = 10.0
"""Usual length of a chunk: long against what its filters need on both sides, short against what a crash may cost."""


def plan_request(asked: Enhancement, findings: Findings) -> EnhancePlan:
    """Check a request against what is known of its source, and say what would be made of it.

    Raises FIELD_INVALID, FIELD_MISSING, FIELD_OUT_OF_RANGE or TRACK_MISSING.
    """
    frames = estimated_frames(findings.media)
    check_request(asked)
    check_clip(asked.clip, frames.seconds, 1 / frames.rate)
    return plan_enhancement(asked, findings.media, frames, findings, EVERY_ENGINE, CHUNK_SECONDS)


def plan_enhancement(
    asked: Enhancement,
    media: MediaInfo,
    frames: SourceFrames,
    findings: Findings | None,
    available: Mapping[str, str],
    chunk_seconds: float,
) -> EnhancePlan:
    """The plan of `asked` for a source with the decoded `frames`.

    `available`: engines of this machine (a name of `core.enhance.engines` each) with their versions. `chunk_seconds`:
    wanted length of a chunk. Raises FIELD_INVALID, FIELD_MISSING, FIELD_OUT_OF_RANGE, TRACK_MISSING, ENGINE_MISSING.
    """
    check_request(asked)
    facts = _look(asked, media, frames, findings)
    working = _working_picture(facts)
    chain = Chain(working, asked.tier, available, facts.notes)
    make_chain(chain, asked, facts.fielding, facts.frame, findings.noise if findings else None)
    target = _target(asked, facts, chain.picture)
    return EnhancePlan(
        source=_source(facts, working, not chain.stages),
        stages=tuple(chain.stages),
        target=target,
        sounds=plan_sounds(media.audio, target.container, facts.notes),
        start=facts.span.first / frames.rate,
        whole=facts.span == Span(0, frames.frames),
        chunks=cut_frames(target.picture.frames, target.picture.rate, target.gop, chunk_seconds),
        substitutions=tuple(dict.fromkeys(facts.notes)),
        generative=asked.scaler == Scaler.GENERATIVE,
        warnings=tuple(dict.fromkeys(facts.warnings)),
        preset=asked.preset,
    )


@dataclass
class _Facts:
    """What is decided before there are stages. `notes` and `warnings` are added to all along."""

    media: MediaInfo
    track: VideoTrack
    frames: SourceFrames
    span: Span
    encoding: Encoding
    frame: Frame
    fielding: Fielding
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def _look(asked: Enhancement, media: MediaInfo, frames: SourceFrames, findings: Findings | None) -> _Facts:
    track = picture_of(media)
    notes: list[str] = []
    seen = scanned(media, findings)
    encoding = infer_encoding(asked, media, notes)
    check_inferred(asked, encoding)
    frame, fielding = _size_and_fields(asked, track, frames, seen, encoding, notes)
    check_scaler(asked, frame)
    warnings = [*media.warnings, *_warnings(asked, track, seen, encoding, frame)]
    span = clip_span(asked.clip, frames)
    return _Facts(media, track, frames, span, encoding, frame, fielding, notes, warnings)


def clip_span(clip: Clip | None, frames: SourceFrames) -> Span:
    """Frames of the source that `clip` takes: those that begin to be shown in it; all where there is no clip.

    Raises FIELD_OUT_OF_RANGE where no frame begins in it.
    """
    if clip is None:
        return Span(0, frames.frames)
    first = ceil(clip.start * frames.rate / 1000)
    end = frames.frames if clip.end is None else min(ceil(clip.end * frames.rate / 1000), frames.frames)
    if first >= end:
        raise out_of_range(START, f"no frame begins in this part of the video, which has {frames.frames}.")
    return Span(first, end)


def _size_and_fields(
    asked: Enhancement,
    track: VideoTrack,
    frames: SourceFrames,
    seen: Scanned,
    encoding: Encoding,
    notes: list[str],
) -> tuple[Frame, Fielding]:
    """Fields want higher steps of the height, and a size may forbid fields: so the size for progressive comes first."""
    step = steps(encoding.format.chroma, "progressive", encoding.codec)
    frame = target_frame(asked.size, track, step)
    if asked.scan in (Scan.TOP_FIRST, Scan.BOTTOM_FIRST):
        check_interlacing(encoding, frame)
    possible = can_interlace(encoding, frame)
    for _ in range(2):  # A height that fields make smaller must be scaled, and then filters see whole pictures.
        filtered = needs_frames(asked, frame, _as_shown(track, frames))
        said: list[str] = []
        fielding = decide_fields(asked, seen, track, frames.rate, filtered=filtered, possible=possible, notes=said)
        frame = target_frame(asked.size, track, steps(encoding.format.chroma, fielding.target, encoding.codec))
    notes += said
    _note_size(asked, track, frame, notes)
    return frame, fielding


def _as_shown(track: VideoTrack, frames: SourceFrames) -> Picture:
    return Picture(
        width=track.width, height=track.height, chroma=Chroma.C444, bits=8, rate=frames.rate, frames=frames.frames
    )


def _note_size(asked: Enhancement, track: VideoTrack, frame: Frame, notes: list[str]) -> None:
    """Say where a size had to give way to the chroma's whole samples."""
    size, made = asked.size, f"{frame.width}x{frame.height}"
    given = (size.width or frame.width, size.height or frame.height) if size and not size.tag else frame[:2]
    if given != frame[:2]:
        notes.append(f"the chroma has no whole samples in {given[0]}x{given[1]}; {made} is made instead.")
    if not size and frame[:2] != (track.width, track.height):
        notes.append(f"the chroma has no whole samples in {track.width}x{track.height}; {made} is made instead.")


def _warnings(asked: Enhancement, track: VideoTrack, seen: Scanned, encoding: Encoding, frame: Frame) -> list[str]:
    found = [check_enlarging(asked, track, frame)]
    if seen.telecine:
        found.append("the source is film in interlaced frames (telecine); its fields are treated as interlaced ones.")
    if seen.mixed:
        found.append("the source is interlaced in parts; all of it is treated as interlaced.")
    if track.hdr and encoding.format.bits < 10:
        found.append(f"HDR in {encoding.format.bits} bits shows steps in smooth areas; ask for 10 bits.")
    return [warning for warning in found if warning]


def _working_picture(facts: _Facts) -> Picture:
    """The source's frames as the first stage gets them. Nothing of source or target is lost between stages.

    Stages know 4:2:0, 4:2:2 and 4:4:4 in 8, 10, 12 and 16 bits, so that other samplings travel as 4:4:4.
    """
    track, made = facts.track, facts.encoding.format
    bits = max(depth_of(track), made.bits)
    return Picture(
        width=track.width,
        height=track.height,
        chroma=made.chroma if made.chroma in _WORKED_ON else Chroma.C444,
        bits=16 if bits == 14 else _depth(bits),
        rate=facts.frames.rate,
        frames=facts.span.frames,
        fields=facts.fielding.source,
        sample_aspect=track.sample_aspect,
        colour=carried_colour(track, facts.frame, facts.warnings),
    )


def _source(facts: _Facts, working: Picture, untouched: bool) -> Source:
    """`untouched`: there is no stage. Then frames are read as they are encoded, but for bits that want dithering."""
    if untouched:
        made = facts.encoding.format
        deeper = depth_of(facts.track) if made.chroma in _WORKED_ON else made.bits
        working = working.model_copy(update={"chroma": made.chroma, "bits": max(made.bits, deeper)})
    return Source(
        demuxer=facts.media.demuxer,
        stream=facts.track.index,
        first=facts.span.first,
        resampled=facts.frames.resampled,
        start=facts.frames.start,
        picture=working,
        rotation=facts.track.rotation,
    )


def _target(asked: Enhancement, facts: _Facts, last: Picture) -> Target:
    encoding = facts.encoding
    picture = last.model_copy(
        update={"chroma": encoding.format.chroma, "bits": encoding.format.bits, "fields": facts.fielding.target}
    )
    check_target(encoding, picture)
    return Target(
        container=encoding.container,
        codec=encoding.codec,
        prores=encoding.prores,
        dnx=encoding.dnx,
        picture=picture,
        bitrate=bitrate_of(asked.bitrate, encoding, picture, facts.media, facts.frames.rate),
        gop=gop_of(encoding.codec, picture.rate),
    )


_WORKED_ON = (Chroma.C420, Chroma.C422, Chroma.C444)
"""Subsamplings that every engine knows."""


def _depth(bits: int) -> Literal[8, 10, 12, 14, 16]:
    return cast(Literal[8, 10, 12, 14, 16], bits)
