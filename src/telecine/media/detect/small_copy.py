"""Makes the small copy of a leak: the only time that a detector decodes a stranger's file, inside the sandbox.

Every picture is kept, up to 30 a second, because a comparison needs the very picture that shows the same moment as a
picture of the title. It is stored nearly without loss: what is lost here would be lost of the mark.
"""

from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.media_info import MediaInfo
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


def copy_small(leak: Path, folder: Path, context: Context) -> Film:
    """Decode the file `leak` to a film in `folder`, in which nothing else may be. Time 0 is its first picture.

    Reports media seconds done. Raises what `probe` and the sandbox raise, and TRACK_MISSING where it has no picture.
    """
    info = probe(leak, context.tools, context.limits)
    picture = picture_source(0, info, ())
    rate = source_rate(picture_track(0, info))
    step = ceil(rate / FASTEST)
    thumbs = _Thumbnails(rate / step, info, context)
    sandbox.run(
        [context.tools.ffmpeg, *copy_arguments(picture, str(leak.absolute()), rate, step, thumbs.step, context)],
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
    graph = [
        *shared_filters(picture),
        f"fps={rate}",
        f"framestep=step={step}",
        f"scale=w={LOOK[1]}:h={LOOK[0]}:flags=area:out_range=tv",
        "setsar=1",
        "format=yuv420p",
        "extractplanes=y",
        "split=2[all][some]",
    ]
    clock = str(track_timescale(rate))
    return [
        *("-hide_banner", "-nostdin", "-y", "-v", "warning", "-nostats", "-copyts"),
        *("-noautorotate", "-apply_cropping", "codec"),
        *safe_input(picture.demuxer, leak, context.limits),
        *("-filter_complex", f"[0:{picture.stream}]{','.join(graph)};[some]framestep=step={thumb_step}[every]"),
        *("-map", "[every]", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"),
        *("-map", "[all]", "-c:v", "libx264", "-preset", "ultrafast", "-crf", str(CRF)),
        *("-x264-params", f"keyint={KEYFRAMES}:scenecut=0:open-gop=0", "-fps_mode", "passthrough"),
        *("-map_metadata", "-1", "-map_chapters", "-1"),
        *("-video_track_timescale", clock, "-movie_timescale", clock, "-f", "mp4", NAME),
    ]


class _Thumbnails:
    """Makes thumbnails of the pictures that come as bytes, and reports how far they are."""

    def __init__(self, rate: Fraction, info: MediaInfo, context: Context) -> None:
        self.step = max(1, round(rate / Fraction(REFERENCE_RATE)))
        self._seconds = float(self.step / rate)
        self._length = float(info.duration)
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
