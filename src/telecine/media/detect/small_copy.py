"""Makes the small copy of a leak: the only time that a detector decodes a stranger's file, inside the sandbox.

Every picture is kept, up to 30 a second, because a comparison needs the very picture that shows the same moment as a
picture of the title. It is stored nearly without loss: what is lost here would be lost of the mark.

A photograph or a screenshot (PNG, JPEG) becomes a film of one picture. Nowhere else are such files let in.
"""

from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import PictureSource
from telecine.core.plan_picture import picture_source, picture_track, source_rate
from telecine.core.progress import Tick
from telecine.media import sandbox
from telecine.media.context import Context
from telecine.media.detect.frames import Film
from telecine.media.detect.pieces import Pictures, thumb
from telecine.media.encode_args import track_timescale
from telecine.media.mark_args import REFERENCE_RATE
from telecine.media.mark_delta import LOOK_BYTES
from telecine.media.mark_mask import LOOK
from telecine.media.picture_graph import shared_filters
from telecine.media.probe import probe
from telecine.media.safe_input import safe_input

FASTEST = Fraction(30)
"""Pictures a second of a small copy, at most."""
CRF = 8
"""x264's quality: its steps are about as fine as those of the picture itself."""
KEYFRAMES = 16
"""Pictures from keyframe to keyframe: few, because single pictures are looked at in any order."""
NAME = "leak.mp4"
STILLS = {b"\x89PNG\r\n\x1a\n": "png_pipe", b"\xff\xd8\xff": "jpeg_pipe"}
"""How files of one picture begin, and the demuxers that read them: from the stream alone, no other file by its name."""
MOST_STILL = 256 * 2**20
"""Bytes of a file of one picture."""

_HUSHED = ("-hide_banner", "-nostdin", "-y", "-v", "warning", "-nostats")
_SMALL = (
    f"scale=w={LOOK[1]}:h={LOOK[0]}:flags=area:out_range=tv",
    "setsar=1",
    "format=yuv420p",
    "extractplanes=y",
    "split=2[all][some]",
)


def copy_small(leak: Path, folder: Path, context: Context) -> Film:
    """Decode the file `leak` to a film in `folder`, in which nothing else may be. Time 0 is its first picture.

    Reports media seconds done. Raises what `probe` and the sandbox raise, TRACK_MISSING where it has no picture, and
    INPUT_OVER_LIMIT for a still that is too large.
    """
    still = _still(leak)
    if still:
        thumbs = _Thumbnails(1, 1.0, 1.0, context)
        arguments = still_arguments(still, str(leak.absolute()), context)
    else:
        info = probe(leak, context.tools, context.limits)
        picture, rate = picture_source(0, info, ()), source_rate(picture_track(0, info))
        step = ceil(rate / FASTEST)
        some = max(1, round(rate / step / Fraction(REFERENCE_RATE)))
        thumbs = _Thumbnails(some, float(some * step / rate), float(info.duration), context)
        arguments = copy_arguments(picture, str(leak.absolute()), rate, step, some, context)
    sandbox.run(
        [context.tools.ffmpeg, *arguments],
        cwd=folder,
        limits=context.limits,
        on_bytes=thumbs.feed,
        log=context.log,
        poll=context.poll,
        readable=(leak.absolute(),),
        failure=ErrorKind.INPUT_UNREADABLE,
    )
    return Film(folder / NAME, thumbs.pictures(), thumbs.step)


def copy_arguments(
    picture: PictureSource, leak: str, rate: Fraction, step: int, thumb_step: int, context: Context
) -> list[str]:
    """Decode `leak` at `rate`, keep each `step`-th picture in `NAME`, and of these each `thumb_step`-th on stdout."""
    graph = ",".join([*shared_filters(picture), f"fps={rate}", f"framestep=step={step}", *_SMALL])
    return [
        *_HUSHED,
        *("-copyts", "-noautorotate", "-apply_cropping", "codec"),
        *safe_input(picture.demuxer, leak, context.limits),
        *_outputs(f"[0:{picture.stream}]{graph}", thumb_step, rate),
    ]


def still_arguments(demuxer: str, leak: str, context: Context) -> list[str]:
    """The same for a file of one picture. Whatever else is in it is not looked at."""
    graph = f"[0:v:0]trim=end_frame=1,{','.join(_SMALL)}"
    return [*_HUSHED, *safe_input(demuxer, leak, context.limits), *_outputs(graph, 1, Fraction(1))]


def _outputs(graph: str, thumb_step: int, rate: Fraction) -> list[str]:
    """The film in `NAME`, and of its pictures each `thumb_step`-th on stdout."""
    clock = str(track_timescale(rate))
    return [
        *("-filter_complex", f"{graph};[some]framestep=step={thumb_step}[every]"),
        *("-map", "[every]", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"),
        *("-map", "[all]", "-c:v", "libx264", "-preset", "ultrafast", "-crf", str(CRF)),
        *("-x264-params", f"keyint={KEYFRAMES}:scenecut=0:open-gop=0", "-fps_mode", "passthrough"),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *("-video_track_timescale", clock, "-movie_timescale", clock, "-f", "mp4", NAME),
    ]


def _still(leak: Path) -> str:
    """The demuxer of a file of one picture; empty for any other. Raises INPUT_OVER_LIMIT for a huge one."""
    if not leak.is_file():
        return ""
    with leak.open("rb") as file:
        head = file.read(max(map(len, STILLS)))
    found = next((demuxer for begin, demuxer in STILLS.items() if head.startswith(begin)), "")
    if found and leak.stat().st_size > MOST_STILL:
        raise TelecineError(ErrorKind.INPUT_OVER_LIMIT, f"a picture of more than {MOST_STILL // 2**20} MB.")
    return found


class _Thumbnails:
    """Makes thumbnails of the pictures that come as bytes, and reports how far they are. They are each `step`-th of a
    film of `length` seconds, `seconds` apart."""

    def __init__(self, step: int, seconds: float, length: float, context: Context) -> None:
        self.step, self._seconds, self._length = step, seconds, length
        self._context = context
        self._rest = bytearray()
        self._pictures: list[Pictures] = []

    def feed(self, data: bytes) -> None:
        self._rest += data
        while len(self._rest) >= LOOK_BYTES:
            look = np.frombuffer(bytes(self._rest[:LOOK_BYTES]), np.uint8).reshape(LOOK)
            del self._rest[:LOOK_BYTES]
            self._pictures.append(thumb(look))
            self._context.report(Tick(min(len(self._pictures) * self._seconds, self._length), self._length))

    def pictures(self) -> Pictures:
        """What was made, one row a thumbnail."""
        if not self._pictures:
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, "its video holds no pictures.")
        return np.stack(self._pictures)
