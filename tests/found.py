"""What an ingestion would have found, for tests of plans: say what matters, the rest is a usual small clip."""

from fractions import Fraction
from typing import Any

from telecine.core.enhance.plan import EnhancePlan
from telecine.core.enhance.planner import plan_request
from telecine.core.enhance.spec import Enhancement
from telecine.core.ingest import Findings, Scanning
from telecine.core.media_info import AudioTrack, MediaInfo, VideoTrack

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
PAL = Fraction(25)
NTSC = Fraction(30000, 1001)


def track(**more: Any) -> VideoTrack:
    """A picture of 640x360 in H.264 at 25 frames per second, ten seconds long."""
    rate = more.get("frame_rate", PAL)
    usual: dict[str, Any] = {
        **{"index": 0, "codec": "h264", "width": 640, "height": 360, "frame_rate": rate},
        **{"duration": Fraction(10), "frames": round(10 * rate), "pixel_format": "yuv420p", "bitrate": 1_000_000},
    }
    return VideoTrack(**usual | more)


def sound(codec: str = "aac", *, index: int = 1, **more: Any) -> AudioTrack:
    """A sound in stereo at 48 kHz."""
    usual: dict[str, Any] = {"channels": 2, "sample_rate": 48_000, "duration": Fraction(10), "order": index - 1}
    return AudioTrack(index=index, codec=codec, **usual | more)


def media(video: VideoTrack | None = None, demuxer: str = MP4, audio: tuple[AudioTrack, ...] = ()) -> MediaInfo:
    """A file with this picture."""
    return MediaInfo(
        demuxer=demuxer, duration=Fraction(10), size=2_000_000, video=video or track(), audio=audio or (sound(),)
    )


def findings(
    found: MediaInfo | None = None, seen: Scanning | None = None, declared: Scanning | None = None, **more: Any
) -> Findings:
    """Findings about a file. `seen`: what the pictures say about fields; progressive by metadata where not said."""
    found = found or media()
    assert found.video
    return Findings(
        media=found,
        container_name=found.demuxer,
        long_container_name=found.demuxer,
        codec_name=found.video.codec,
        long_codec_name=found.video.codec,
        average_rate=found.video.frame_rate,
        frames=found.video.frames or 0,
        video_bytes=1_000_000,
        declared=declared or Scanning(type="progressive"),
        heuristics=seen,
        **more,
    )


def interlaced(order: Any = "top_first", found: MediaInfo | None = None, **more: Any) -> Findings:
    """Findings about a file whose pictures are interlaced, whatever its metadata says."""
    dv = media(track(width=720, height=576, sample_aspect=Fraction(16, 15)))
    return findings(found or dv, Scanning(type="interlaced", order=order), **more)


def planned(found: Findings | None = None, **asked: Any) -> EnhancePlan:
    """What a request with the fields `asked` is planned to make."""
    return plan_request(Enhancement.model_validate(asked), found or findings())


def steps(plan: EnhancePlan) -> list[tuple[str, str]]:
    """Option and engine of each stage."""
    return [(stage.option, stage.engine) for stage in plan.stages]
