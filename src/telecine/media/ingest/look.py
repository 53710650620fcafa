"""The light part of an ingestion: what the metadata of an upload says. Nothing is decoded but the first pictures."""

import re
from fractions import Fraction
from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.ingest import Findings
from telecine.core.media_info import MediaInfo, VideoTrack
from telecine.core.scanning import declared
from telecine.media import describe, sandbox
from telecine.media.context import Context
from telecine.media.probe import Probed, probe_closely
from telecine.media.safe_input import safe_input
from telecine.media.workspace import Workspace, write_finished


def look(workspace: Workspace, context: Context) -> Findings:
    """What input file 0 is. Takes what an earlier try has found.

    Every packet is read for exact times, so that the report is in bytes. Raises INPUT_UNSAFE, INPUT_OVER_LIMIT or
    INPUT_UNREADABLE, the last one also where there is no moving picture.
    """
    found = kept(workspace, "looked")
    if not found:
        probed = probe_closely(workspace.input_file(0), context.tools, context.limits, context.report, archives=True)
        found = _findings(probed, workspace, context)
        keep(workspace, "looked", found)
    return found


def kept(workspace: Workspace, step: str) -> Findings | None:
    """What an earlier try of a step found, if it came to its end."""
    path = _note(workspace, step)
    return Findings.model_validate_json(path.read_bytes()) if path.exists() else None


def keep(workspace: Workspace, step: str, findings: Findings) -> None:
    """Keep what a step found for later tries."""
    write_finished(workspace, _note(workspace, step), findings.model_dump_json().encode())


def _note(workspace: Workspace, step: str) -> Path:
    return workspace.root / "ingest" / f"{step}.json"


def _findings(probed: Probed, workspace: Workspace, context: Context) -> Findings:
    info = probed.info
    if not info.video:
        raise TelecineError(ErrorKind.INPUT_UNREADABLE, "it holds no moving picture.")
    video = info.video if info.video.pixel_format else _with_pixels(info, info.video, workspace, context)
    return Findings(
        media=info.model_copy(update={"video": video}),
        container_name=probed.container["format_name"],
        long_container_name=probed.container.get("format_long_name", probed.container["format_name"]),
        codec_name=video.codec,
        long_codec_name=probed.picture.get("codec_long_name", video.codec),
        average_rate=Fraction(video.frames or 0) / video.duration,
        frames=video.frames or 0,
        video_bytes=probed.picture_bytes,
        chroma=describe.chroma(video.pixel_format),
        declared=declared(video.field_order),
        warnings=info.warnings,
    )


def _with_pixels(info: MediaInfo, video: VideoTrack, workspace: Workspace, context: Context) -> VideoTrack:
    """The same track with the pixel format that ffmpeg decodes to: ffprobe has no decoder for it (PNG in QuickTime)."""
    source = safe_input(info.demuxer, workspace.relative(workspace.input_file(0)), context.limits)
    arguments = ["-hide_banner", "-nostdin", "-v", "info", *source, "-map", f"0:{video.index}"]
    done = sandbox.run(
        [context.tools.ffmpeg, *arguments, "-vf", "showinfo", "-frames:v", "1", "-f", "null", "-"],
        cwd=workspace.root,
        limits=context.limits,
        poll=context.poll,
        failure=ErrorKind.INPUT_UNREADABLE,
    )
    said = re.search(r" fmt:(\w+)", done.stderr_tail)
    if not said:
        raise TelecineError(ErrorKind.INPUT_UNREADABLE, "its pictures cannot be decoded.")
    return video.model_copy(update={"pixel_format": said[1], "bit_depth": describe.bit_depth(said[1])})
