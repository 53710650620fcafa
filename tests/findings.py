"""What an ingestion may find, for tests that need some of it."""

from fractions import Fraction
from typing import Any

from telecine.core.ingest import Findings, Metric, Scanning
from telecine.core.media_info import MediaInfo, VideoTrack


def found(*, light: bool = False, **changes: Any) -> Findings:
    """Findings of an interlaced MPEG-4 clip of ten seconds; `changes` replace fields at the top."""
    video = VideoTrack(
        index=0, codec="h264", width=720, height=576, frame_rate=Fraction(25), duration=Fraction(10),
        pixel_format="yuv420p", field_order="top_first",
    )  # fmt: skip
    given: dict[str, Any] = {
        "media": MediaInfo(demuxer="mov", duration=Fraction(10), size=1234, video=video),
        "container_name": "mov,mp4,m4a,3gp,3g2,mj2",
        "long_container_name": "QuickTime / MOV",
        "codec_name": "h264",
        "long_codec_name": "H.264 / AVC / MPEG-4 AVC / MPEG-4 part 10",
        "average_rate": Fraction(25),
        "frames": 250,
        "video_bytes": 1200,
        "chroma": "4:2:0",
        "declared": Scanning(type="interlaced", order="top_first"),
    }
    if not light:
        given["heuristics"] = Scanning(type="progressive")
        given["metrics"] = (
            Metric(name="noise", mean=0.2, label="good", score=3.5),
            Metric(name="details", mean=0.1, label="fair", score=2.5),
        )
    return Findings(**(given | changes))
