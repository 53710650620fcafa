"""Assets as harvesters and packagers of others leave them, made by plain ffmpeg and Shaka Packager from two clips.

Each maker fills a folder; `stored` puts that into a store under a prefix, as a customer's storage holds it.
"""

import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tests import clips
from tests.clips import ffmpeg, make, picture, tone, tools
from tests.keys import KnownKeys

from telecine.core.job import Format, JobSpec, Packaging, Target
from telecine.core.limits import MediaLimits, Policy
from telecine.jobs.here import Engines, Stores
from telecine.jobs.transcode_here import Outcome, run_all
from telecine.storage.memory import MemoryStore

SECONDS = 6
RATE = 25
HOURS = 26 * 3600 + 15 * 60
"""Seconds at which live clocks begin here."""
SIZES = ("320x180", "256x144")
KEY = "assets/film/"


def rendition(
    size: str = SIZES[0],
    *,
    gop: int = 25,
    audio: bool = True,
    seconds: float = SECONDS,
    languages: tuple[str, ...] = (),
) -> Path:
    """A picture with closed GOPs, B-frames and sound that begins 13 ms later; one sound for each of `languages`."""
    encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", str(gop), "-sc_threshold", "0"]
    sounds = languages or (("und",) if audio else ())
    inputs = [*picture(SECONDS, str(RATE), size)]
    for number, _ in enumerate(sounds):
        inputs += ["-itsoffset", "0.013", *tone(SECONDS, 440 * (number + 1))]
    maps = [part for number in range(len(sounds) + 1) for part in ("-map", str(number))]
    tags = [part for n, code in enumerate(sounds) for part in (f"-metadata:s:a:{n}", f"language={code}")]
    return make(".mp4", *inputs, *maps, *encoder, "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", *tags)


def hls_ts(folder: Path, *, start: float = HOURS, sizes: tuple[str, ...] = SIZES) -> Path:
    """Variants with picture and sound in the same MPEG-TS segments, whose clock begins at `start` seconds."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3"]
    for number, size in enumerate(sizes):
        (folder / f"v{number}").mkdir(parents=True)
        hls = ["-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-output_ts_offset", str(start)]
        names = ["-hls_segment_filename", folder / f"v{number}" / "seg%d.ts", folder / f"v{number}" / "index.m3u8"]
        ffmpeg("-i", rendition(size), "-map", "0", "-c", "copy", *hls, *names)
        lines += [f"#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION={size}", f"v{number}/index.m3u8"]
    (folder / "master.m3u8").write_text("\n".join(lines) + "\n")
    return folder


def hls_fmp4(folder: Path, *, byte_ranges: bool = False) -> Path:
    """One variant in fragmented MP4; with `byte_ranges` all segments lie in one file."""
    folder.mkdir(parents=True)
    flags = ["-hls_flags", "single_file"] if byte_ranges else ["-hls_segment_filename", folder / "seg%d.m4s"]
    kind = ["-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
    ffmpeg("-i", rendition(), "-map", "0", "-c", "copy", *kind, *flags, folder / "index.m3u8")
    return folder


def packaged(folder: Path, *outputs: str, flags: tuple[str, ...] = (), sources: tuple[Path, ...] = ()) -> Path:
    """What Shaka Packager makes of two pictures and a sound; each of `outputs` is added to a descriptor of its kind."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs = sources or (rendition(SIZES[0]), rendition(SIZES[1]), rendition(SIZES[0]))
    kinds = ["video", "video", "audio"]
    descriptors = [
        f"in={source},stream={kind},{outputs[0].format(name=f'{kind}{number}')}"
        for number, (source, kind) in enumerate(zip(inputs, kinds, strict=True))
    ]
    run = [tools().packager, "--quiet", *descriptors, *outputs[1:], "--segment_duration=2", *flags]
    done = subprocess.run([str(part) for part in run], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


SEGMENTED = "init_segment={name}/init.mp4,segment_template={name}/$Number$.m4s,playlist_name={name}/stream.m3u8"
MPD = ("--mpd_output=stream.mpd", "--generate_static_live_mpd")
MASTER = ("--hls_master_playlist_output=master.m3u8",)


def dash(folder: Path, **more: object) -> Path:
    return packaged(folder, SEGMENTED.rpartition(",")[0], *MPD, **more)


def dash_single_files(folder: Path) -> Path:
    return packaged(folder, "output={name}.mp4", "--mpd_output=stream.mpd")


def cmaf(folder: Path) -> Path:
    return packaged(folder, SEGMENTED, *MPD, *MASTER)


def mp4s(folder: Path) -> Path:
    """Two MP4 renditions, each with the same sound, and nothing that says so."""
    folder.mkdir(parents=True)
    for size in SIZES:
        (folder / f"film-{size}.mp4").write_bytes(rendition(size).read_bytes())
    return folder


def stored(folder: Path, prefix: str = KEY) -> MemoryStore:
    """A storage that holds a folder's files below `prefix`."""
    store = MemoryStore()
    for path in folder.rglob("*"):
        if path.is_file():
            store.upload(path.read_bytes(), f"{prefix}{path.relative_to(folder).as_posix()}", "")
    return store


TARGETS = (Target(format=Format.DASH, folder="dash"), Target(format=Format.HLS, folder="hls"))


def spec(key: str = KEY, targets: tuple[Target, ...] = TARGETS) -> JobSpec:
    return JobSpec(
        name="film",
        content_id="film",
        input_storage="in",
        output_storage="out",
        output_path="vod",
        asset=key,
        packaging=Packaging(formats=(Format.DASH,)),
        targets=targets,
    )


@dataclass
class Job:
    """A finished job."""

    outcome: Outcome
    stores: Stores
    work: Path
    log: list[str]


def imported(
    work: Path,
    store: MemoryStore,
    key: str = KEY,
    targets: tuple[Target, ...] = TARGETS,
    policy: Policy = Policy(),
    limits: MediaLimits = MediaLimits(),
    ring: KnownKeys | None = None,
) -> Job:
    """The whole job: fetched, read, imported, packaged, verified, published."""
    log: list[str] = []
    stores = Stores(store, MemoryStore())
    by = Engines(clips.tools(), limits, policy, lambda *_: None, log.append, slots=1)
    outcome = run_all(spec(key, targets), stores, work, by, ring)
    return Job(outcome, stores, work, log)


def exact(seconds: float) -> Fraction:
    return Fraction(seconds).limit_denominator(1_000_000)


def hls_packed_audio(folder: Path, *, start: float = HOURS) -> Path:
    """A picture in MPEG-TS and its sound as packed AAC, both on the same clock, as the packager makes it."""
    live = make(".ts", "-i", rendition(), "-map", "0", "-c", "copy", "-output_ts_offset", str(start))
    folder.mkdir(parents=True)
    names = "segment_template={name}/$Number$.{suffix},playlist_name={name}/stream.m3u8"
    descriptors = [
        f"in={live},stream={kind},{names.format(name=kind, suffix=suffix)}"
        for kind, suffix in (("video", "ts"), ("audio", "aac"))
    ]
    run = [tools().packager, "--quiet", *descriptors, "--segment_duration=2", *MASTER]
    done = subprocess.run([str(part) for part in run], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def dash_late(folder: Path) -> Path:
    """DASH whose media clock begins at hours, as its presentationTimeOffset says."""
    live = [
        make(".ts", "-i", rendition(size), "-map", "0", "-c", "copy", "-output_ts_offset", str(HOURS)) for size in SIZES
    ]
    return dash(folder, sources=(live[0], live[1], live[0]))


def hls_languages(folder: Path) -> Path:
    """A picture with sound in two languages, of which the second is the default."""
    source = rendition(languages=("eng", "kor"))
    folder.mkdir(parents=True)
    for name, stream in (("video", "0:v"), ("en", "0:a:0"), ("ko", "0:a:1")):
        (folder / name).mkdir()
        hls = ["-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
        ffmpeg("-i", source, "-map", stream, "-c", "copy", *hls, folder / name / "index.m3u8")
    media = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",LANGUAGE="{}",NAME="{}",DEFAULT={},URI="{}/index.m3u8"'
    lines = [
        "#EXTM3U",
        media.format("en", "English", "NO", "en"),
        media.format("ko-KR", "한국어", "YES", "ko"),
        '#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=320x180,AUDIO="a"',
        "video/index.m3u8",
    ]
    (folder / "master.m3u8").write_text("\n".join(lines) + "\n")
    return folder


def uneven(target: Path) -> None:
    """A picture whose keyframes are where nobody would put them."""
    encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "250", "-sc_threshold", "0"]
    keys = ["-force_key_frames", "0,0.6,2.2,4.04,5.4"]
    ffmpeg(*picture(SECONDS, str(RATE)), *tone(SECONDS), *encoder, *keys, "-pix_fmt", "yuv420p", "-c:a", "aac", target)


CUES = (
    "00:00:00.500 --> 00:00:01.500\n<i>One</i> &amp; only",
    "00:00:01.800 --> 00:00:02.600 line:10%\nAcross the border",
    "00:00:04.000 --> 00:00:05.000\nLast",
)


def hls_subtitles(folder: Path, *, start: float = HOURS) -> Path:
    """`hls_ts` with WebVTT in three segments, on the media's clock by X-TIMESTAMP-MAP, in English and empty Korean."""
    hls_ts(folder, start=start, sizes=SIZES[:1])
    first = round((start + 1.4) * 90_000) % 2**33  # ffmpeg begins this much after what it is told
    segments = [CUES[:2], CUES[1:2], CUES[2:]]
    for language in ("en", "ko"):
        (folder / language).mkdir()
        playlist = ["#EXTM3U", "#EXT-X-TARGETDURATION:2"]
        for number, cues in enumerate(segments):
            head = f"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{first}"
            shown = cues if language == "en" else ()
            (folder / language / f"{number}.vtt").write_text("\n\n".join([head, *shown]) + "\n")
            playlist += ["#EXTINF:2.0,", f"{number}.vtt"]
        (folder / language / "index.m3u8").write_text("\n".join([*playlist, "#EXT-X-ENDLIST"]) + "\n")
    media = '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",LANGUAGE="{0}",NAME="{0}",URI="{0}/index.m3u8"'
    master = (folder / "master.m3u8").read_text().replace("RESOLUTION", 'SUBTITLES="s",RESOLUTION')
    (folder / "master.m3u8").write_text(master + media.format("en") + "\n" + media.format("ko") + "\n")
    return folder


def cmaf_subtitles(folder: Path, form: str) -> Path:
    """CMAF with the same cues in MP4: `vtt+mp4` or `ttml+mp4`."""
    text = folder / "source.vtt"
    folder.mkdir(parents=True)
    text.write_text("WEBVTT\n\n" + "\n\n".join(CUES) + "\n")
    names = SEGMENTED.format(name="text")
    packaged(folder, SEGMENTED, f"in={text},stream=text,format={form},language=en,{names}", *MPD, *MASTER)
    text.unlink()
    return folder
