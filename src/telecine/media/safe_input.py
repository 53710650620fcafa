"""How every FFmpeg tool is told to open a file that a stranger may have made.

Both white lists are needed: a protocol list alone still lets a playlist in disguise read other local files, and a
demuxer list alone still lets a demuxer open URLs. The demuxer is fixed to the sniffed one, so nothing is guessed.
"""

from pathlib import Path

from telecine.core.limits import MediaLimits

PROBE_BYTES = 50 * 10**6
PROBE_MICROSECONDS = 20 * 10**6
BYTES_PER_PIXEL = 16
"""The largest single allocation that an honest picture needs: four planes of 32 bits."""


def safe_input(demuxer: str, path: Path | str, limits: MediaLimits) -> list[str]:
    """Arguments of ffmpeg and ffprobe that open `path` with `demuxer` and nothing else, ending with `-i`.

    `demuxer` is the sniffed name (`telecine.media.sniff`); `path` is best relative to the tool's folder. The `file:`
    before it keeps a name that begins with a dash, or holds a colon, from being read as something else. Further
    input options (`-ss`, `-r`, …) go before these. Checked with FFmpeg 9.0 and ffprobe 8.1.
    """
    return [
        *("-protocol_whitelist", "file,pipe"),
        *("-format_whitelist", demuxer),
        *("-f", demuxer),
        *_DEMUXER_OPTIONS.get(demuxer, ()),
        *("-max_streams", str(limits.streams)),
        *("-max_pixels", str(limits.pixels)),
        *("-max_alloc", str(limits.pixels * BYTES_PER_PIXEL)),
        *("-probesize", str(PROBE_BYTES)),
        *("-analyzeduration", str(PROBE_MICROSECONDS)),
        *("-i", f"file:{path}"),
    ]


_DEMUXER_OPTIONS = {
    # QuickTime tracks may point at other files ("data references"). Both are off by default; said here for good.
    "mov": ("-enable_drefs", "0", "-use_absolute_path", "0"),
}
