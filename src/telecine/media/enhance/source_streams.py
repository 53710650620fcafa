"""What the source's file holds beside the picture: which sounds, subtitles, timecode and comment can be carried on."""

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from telecine.core.enhance.plan import EnhancePlan
from telecine.core.errors import ErrorKind
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.safe_input import safe_input
from telecine.media.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SourceStream:
    """A stream of the source's file. `kind` is `video`, `audio`, `subtitle` or `data`; `codec` FFmpeg's name.

    `begin` and `end` are seconds in the file, None where it does not say.
    """

    kind: str
    codec: str
    begin: Fraction | None = None
    end: Fraction | None = None


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Streams by index; timecode of the first frame and comment, empty where there is none."""

    streams: dict[int, SourceStream]
    timecode: str = ""
    comment: str = ""


def look_at_source(plan: EnhancePlan, workspace: Workspace, context: Context) -> SourceFile:
    """Describe input file 0. Raises INPUT_UNREADABLE, or what the sandbox raises."""
    entries = "stream=index,codec_type,codec_name,start_time,duration:stream_tags=timecode:format_tags=timecode,comment"
    path = workspace.input_file(0)
    done = sandbox.run(
        [
            context.tools.ffprobe,
            *("-hide_banner", "-v", "error", "-of", "json", "-show_entries", entries),
            *safe_input(plan.source.demuxer, path.name, context.limits),
        ],
        cwd=path.parent,
        limits=context.limits,
        poll=context.poll,
        failure=ErrorKind.INPUT_UNREADABLE,
    )
    described = json.loads(done.stdout)
    streams = described.get("streams", [])
    tags = [described.get("format", {}).get("tags", {}), *(stream.get("tags", {}) for stream in streams)]
    return SourceFile(
        {stream["index"]: _stream(stream) for stream in streams},
        timecode=next((found["timecode"] for found in tags if "timecode" in found), ""),
        comment=tags[0].get("comment", ""),
    )


def _stream(described: dict[str, Any]) -> SourceStream:
    begin = Fraction(described["start_time"]) if "start_time" in described else None
    end = begin + Fraction(described["duration"]) if begin is not None and "duration" in described else None
    return SourceStream(described.get("codec_type", ""), described.get("codec_name", ""), begin, end)
