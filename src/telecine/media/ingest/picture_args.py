"""ffmpeg's arguments for the pictures of an upload: sizes, filters, encoders. Pure."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from telecine.core.ingest import Findings, Scanning
from telecine.core.limits import MediaLimits
from telecine.core.media_info import VideoTrack
from telecine.core.plan_picture import source_colour
from telecine.media.picture_graph import TURNS
from telecine.media.safe_input import safe_input

type Targets = Mapping[int, str]
"""Longest side of a JPEG file, and its name."""

SMALL = 320
LARGE = 1280
WEB = 1280
"""Longest sides in pixels. Nothing is made larger than it is shown."""

SEEKABLE = frozenset({"mov", "matroska", "mxf", "mpegts", "dv"})
"""Demuxers that find a keyframe before any time. After AVI's seeking a decoder may begin between two, in grey."""

_KEYFRAMES = 2
"""Seconds between the keyframes of the film, which are what screenshots are chosen from."""
_SHORT = 20
"""Seconds."""
_MARGIN = Fraction(1, 10)
"""Share of the programme, at both ends, that is seldom typical: logos, titles, credits."""
_PARITIES = {"top_first": "tff", "bottom_first": "bff"}
_JPEG_QUALITY = "3"
_QUIET = ("-hide_banner", "-nostdin", "-v", "error", "-max_error_rate", "1")
"""As few of a damaged upload's pictures as can be decoded make a film."""


def fitted(video: VideoTrack, longest: int) -> tuple[int, int]:
    """Width and height, both even, of the picture as it is shown, with square pixels and no side over `longest`."""
    width, height = Fraction(video.width), Fraction(video.height)
    if video.sample_aspect > 1:
        width *= video.sample_aspect
    else:
        height /= video.sample_aspect
    if video.rotation in (90, 270):
        width, height = height, width
    scale = min(Fraction(1), longest / max(width, height))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def web_arguments(findings: Findings, source: str, target: str, limits: MediaLimits) -> list[str]:
    """Arguments of ffmpeg that make the film: H.264 and AAC in an MP4 that plays while it loads, with progress."""
    video = _video(findings)
    width, height = fitted(video, WEB)
    scale = f"scale={width}:{height}:flags=bicubic:out_range=tv:out_color_matrix=bt709"
    graph = [*_whole_frames(findings), scale, "setsar=1", "format=yuv420p"]
    sound = ["-map", f"0:{findings.media.audio[0].index}"] if findings.media.audio else []
    return [
        *_QUIET,
        *("-progress", "pipe:1"),
        *_read(findings, source, limits),
        *("-filter_complex", f"[0:{video.index}]{','.join(graph)}[v]", "-map", "[v]", *sound),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-maxrate", "4M", "-bufsize", "8M"),
        *("-force_key_frames", f"expr:gte(t,n_forced*{_KEYFRAMES})", "-color_primaries", "bt709"),
        *("-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"),
        *("-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000"),
        *("-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"),
        *("-movflags", "+faststart", "-f", "mp4", "-y", f"file:{target}"),
    ]


def candidate_arguments(film: str, duration: float) -> list[str]:
    """Arguments of ffmpeg that print when pictures of the film are shown, and the entropy of their luma.

    Keyframes, which cost next to nothing; of a film of a few seconds, which has hardly any, a picture every quarter of
    a second.
    """
    short = duration < _SHORT
    read = [*([] if short else ["-skip_frame", "nokey"]), "-f", "mov", "-i", f"file:{film}"]
    graph = ["fps=4"] if short else []
    graph += ["entropy", "metadata=mode=print:file=-"]
    return [*_QUIET, *read, "-an", "-vf", ",".join(graph), "-fps_mode", "passthrough", "-f", "null", "-"]


def moment(candidates: Sequence[tuple[float, float]], duration: float) -> float:
    """The most telling of `candidates`, each a time and an entropy: the one with most to see, not near the ends.

    Black, white and plain pictures have next to no entropy. 0 where there is no candidate.
    """
    margin = float(_MARGIN) * duration
    inner = [one for one in candidates if margin <= one[0] <= duration - margin]
    return max(inner or candidates, key=lambda one: one[1], default=(0.0, 0.0))[0]


def from_source(findings: Findings, at: float, source: str, targets: Targets, limits: MediaLimits) -> list[str]:
    """Arguments of ffmpeg that write the source's picture at `at` seconds as JPEG files."""
    video = _video(findings)
    pad = f"0:{video.index}"
    return _screenshots(video, at, _read(findings, source, limits), pad, _whole_frames(findings, one=True), targets)


def from_film(findings: Findings, at: float, film: str, targets: Targets) -> list[str]:
    """The same from the film, which is whole frames already."""
    return _screenshots(_video(findings), at, ["-f", "mov", "-i", f"file:{film}"], "0:v", [], targets)


def _screenshots(
    video: VideoTrack, at: float, read: Sequence[str], pad: str, filters: Sequence[str], targets: Targets
) -> list[str]:
    names = [f"s{longest}" for longest in targets]
    split = ",".join([*filters, f"split={len(names)}"])
    chains, outputs = [f"[{pad}]{split}" + "".join(f"[{name}]" for name in names)], []
    for name, (longest, target) in zip(names, targets.items(), strict=True):
        width, height = fitted(video, longest)
        scale = f"scale={width}:{height}:flags=lanczos:out_range=full:out_color_matrix=bt601"
        chains.append(f"[{name}]{scale},setsar=1,format=yuv420p[{name}o]")
        write = ("-frames:v", "1", "-c:v", "mjpeg", "-q:v", _JPEG_QUALITY, "-update", "1", "-f", "image2")
        outputs += ["-map", f"[{name}o]", *write, "-y", f"file:{target}"]
    return [*_QUIET, "-ss", f"{at:.3f}", *read, "-filter_complex", ";".join(chains), *outputs]


def _video(findings: Findings) -> VideoTrack:
    assert findings.media.video
    return findings.media.video


def _read(findings: Findings, source: str, limits: MediaLimits) -> list[str]:
    return ["-noautorotate", *safe_input(findings.media.demuxer, source, limits)]


def _whole_frames(findings: Findings, *, one: bool = False) -> list[str]:
    """Filters that make progressive, upright pictures of standard range, of whatever the source is.

    `one`: only one picture will be taken, so that telecine needs no more than deinterlacing.
    """
    video = _video(findings)
    colour = source_colour(video)
    meaning = f"setparams=color_primaries={colour.primaries}:color_trc={colour.transfer}:range={colour.range}"
    turn = [*TURNS[video.rotation], "sidedata=mode=delete:type=DISPLAYMATRIX"] if video.rotation else []
    return [
        f"{meaning}:colorspace={colour.matrix}",
        *_deinterlacing(_scanning(findings), film=not one and not video.variable_rate),
        *turn,
        *(_to_standard_range() if video.hdr else []),
    ]


def _scanning(findings: Findings) -> Scanning:
    """What the pictures themselves say, where they say it."""
    seen = findings.heuristics
    return seen if seen and seen.type != "unknown" else findings.declared


def _deinterlacing(scanning: Scanning, *, film: bool) -> list[str]:
    """`film`: undo telecine, which takes one of five pictures away, and needs a steady rate."""
    parity = _PARITIES.get(scanning.order, "auto")
    match scanning.type:
        case "telecine" if film:
            return [f"fieldmatch=order={parity}", f"bwdif=mode=send_frame:parity={parity}:deint=interlaced", "decimate"]
        case "interlaced" | "telecine":
            return [f"bwdif=mode=send_frame:parity={parity}:deint=all"]
        case "mixed":  # idet marks the pictures that bwdif is to take
            return ["idet", "bwdif=mode=send_frame:parity=auto:deint=interlaced"]
        case _:
            return []


def _to_standard_range() -> list[str]:
    """HDR to BT.709 in linear light, with 100 nits as the standard picture's white."""
    light = ["zscale=t=linear:npl=100", "format=gbrpf32le", "zscale=p=bt709", "tonemap=tonemap=hable:desat=0"]
    return [*light, "zscale=t=bt709:m=bt709:r=tv", "format=yuv420p"]
