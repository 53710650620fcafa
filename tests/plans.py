"""Plans for tests of packaging and verification: small, explicit, without a planner."""

from fractions import Fraction

from telecine.core.drm import Scheme
from telecine.core.job import Crf, Format, MarkLayout, PaceInfoFiles, Protection, SubtitleFormat
from telecine.core.plan import (
    AudioOutput,
    AudioSource,
    ChunkSpan,
    MarkPlan,
    Plan,
    SubtitleOutput,
    TreeOutput,
    VideoOutput,
)
from telecine.core.plan_protection import tree_protection

NTSC_FILM = Fraction(24000, 1001)


def video(
    name: str, codec: str = "h264", size: tuple[int, int] = (320, 180), rate: Fraction = NTSC_FILM
) -> VideoOutput:
    return VideoOutput(
        name=name,
        track_id=f"track-{name}",
        codec=codec,
        width=size[0],
        height=size[1],
        frame_rate=rate,
        rate=Crf(crf=30),
        pixel_format="yuv420p",
    )


def audio(
    name: str, language: str = "en", codec: str = "aac", label: str = "", default: bool = False, copied: bool = False
) -> AudioOutput:
    source = AudioSource(file=0, demuxer="mov", stream=1, channels=2, origin=Fraction(0), offset=Fraction(0))
    return AudioOutput(
        name=name,
        track_id=f"track-{name}",
        codec=codec,
        copy_stream=copied,
        sources=(source,),
        channels=2,
        sample_rate=48000,
        bitrate=96000,
        language=language,
        label=label,
        default=default,
    )


def subtitle(name: str, language: str = "en", label: str = "", file: int = 0) -> SubtitleOutput:
    return SubtitleOutput(name=name, file=file, language=language, label=label)


def tree(kind: str, subtitles: str = "text_vtt", transport_stream: bool = False) -> TreeOutput:
    return TreeOutput(format=Format(kind), subtitles=SubtitleFormat(subtitles), transport_stream=transport_stream)


def protected(plan: Plan, scheme: str = "cbcs", track_types: bool = False, **wanted: object) -> Plan:
    """The same plan with every tree encrypted as `wanted` (see `core.job.Protection`)."""
    asked = Protection(track_type_manifests=track_types, **wanted)
    trees = [
        tree.model_copy(
            update={
                "protection": tree_protection(
                    asked, Scheme(scheme), plan.segment_of(tree), plan.content_id, plan.video, plan.audio
                )
            }
        )
        for tree in plan.trees
    ]
    return plan.model_copy(update={"trees": tuple(trees)})


def marked(plan: Plan, layout: str = "unlabeled", pace_info: str = "renditions") -> Plan:
    """The same plan with every segment, which is one GOP then, in two variants. Marks come before protection."""
    marking = MarkPlan(layout=MarkLayout(layout), strength=0.5, pace_info=PaceInfoFiles(pace_info))
    return plan.model_copy(update={"marking": marking, "segment": plan.gop})


def plan(
    *trees: TreeOutput,
    video: tuple[VideoOutput, ...] = (),
    audio: tuple[AudioOutput, ...] = (),
    subtitles: tuple[SubtitleOutput, ...] = (),
    duration: Fraction = Fraction(11011, 1000),
    gop: Fraction = Fraction(2002, 1000),
    thumbnails: bool = False,
    average_bandwidth: bool = False,
) -> Plan:
    return Plan(
        content_id="content",
        duration=duration,
        gop=gop,
        segment=gop * 2,
        picture=None,
        chunks=(ChunkSpan(index=0, start=Fraction(0), end=duration),),
        video=video,
        audio=audio,
        subtitles=subtitles,
        trees=trees,
        min_buffer_time=2,
        average_bandwidth=average_bandwidth,
        thumbnails=thumbnails,
        preset_h264="medium",
        preset_h265="fast",
    )
