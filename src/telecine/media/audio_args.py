"""The ffmpeg command that makes a job's audio tracks, as an argument list. Pure, tested as text.

The files it makes have no edit lists: a sample's place in the file is its place in the programme, whatever a player
thinks of edit lists (HLS in transport streams has none). An encoder puts its priming before the sound; so exactly
that many samples are cut off the beginning, and priming takes the place of the programme's first 5 to 21 ms.
"""

from collections.abc import Mapping, Sequence

from telecine.core.limits import MediaLimits
from telecine.core.plan import AudioOutput, AudioSource, Plan
from telecine.media.safe_input import safe_input

PRIMING = {"aac": 1024, "ac3": 256, "eac3": 256}
"""Samples that FFmpeg's encoders put before the sound. The tests measure where a click ends up."""

SMALLEST_HOLE = 0.02
"""Seconds; where the source's timestamps jump by more, silence is put in or sound is cut out, to stay in sync."""

CHANNELS = {1: ("mono", "FC"), 2: ("stereo", "FL FR"), 6: ("5.1", "FL FR FC LFE BL BR")}
CHANNELS[8] = ("7.1", "FL FR FC LFE BL BR SL SR")
"""Name and channels of the layout of each channel count that is encoded, in the order of WAV files."""


def audio_arguments(
    plan: Plan,
    outputs: Sequence[AudioOutput],
    sources: Mapping[int, str],
    targets: Mapping[str, str],
    limits: MediaLimits,
) -> list[str]:
    """Arguments of ffmpeg (without the tool itself) that make `outputs` from the input files `sources` (by number).

    `targets` gives the file to write for each output's name. A track that passes through is only cut out and moved
    here; `audio_slots` gives every frame its place. Progress goes to stdout.
    """
    arguments = ["-hide_banner", "-nostdin", "-y", "-v", "warning", "-nostats", "-progress", "pipe:1"]
    arguments += ["-stats_period", "0.5", "-copyts"]
    files: dict[int, str] = {}
    for source in (source for output in outputs for source in output.sources):
        files.setdefault(source.file, source.demuxer)
    for file, demuxer in files.items():
        arguments += safe_input(demuxer, sources[file], limits)
    order = {file: place for place, file in enumerate(files)}
    graphs = [encoding_graph(plan, output, order) for output in outputs if not output.copy_stream]
    arguments += ["-filter_complex", ";".join(graphs)] if graphs else []
    for output in outputs:
        options = _passing(output, order) if output.copy_stream else _encoding(output)
        arguments += [*options, "-map_metadata", "-1", "-map_chapters", "-1", "-f", "mp4", targets[output.name]]
    return arguments


def silence_arguments(codec: str, channels: int, sample_rate: int, bitrate: int, target: str) -> list[str]:
    """Arguments that make a second of silence in the codec of a track that passes through, for its holes."""
    layout, _ = CHANNELS[channels]
    source = f"anullsrc=channel_layout={layout}:sample_rate={sample_rate}:duration=1"
    encoder = ["-c:a", codec, *(["-b:a", str(bitrate)] if codec != "aac" and bitrate else [])]
    return [
        "-hide_banner",
        "-nostdin",
        "-y",
        "-v",
        "warning",
        "-f",
        "lavfi",
        "-i",
        source,
        *encoder,
        "-f",
        "mp4",
        target,
    ]


def encoding_graph(plan: Plan, output: AudioOutput, order: Mapping[int, int]) -> str:
    """The filters that make `output`, from the sources' own clocks to exactly the programme's samples.

    `order` gives the place of each input file in the command.
    """
    samples = round(plan.duration * output.sample_rate)
    layout, channels = CHANNELS[output.channels]
    # The first samples are the encoder's to fill; see the head of this module.
    ending = f"atrim=start_sample={PRIMING[output.codec]}:end_sample={samples},asetpts=N[{output.name}]"
    if len(output.sources) == 1:
        mix = f"aformat=channel_layouts={layout},apad=whole_len={samples}"
        return f"{_placed(output.sources[0], output.sample_rate, order)},{mix},{ending}"
    pads, chains, places = [], [], []
    for number, source in enumerate(output.sources):
        pads.append(f"[{output.name}s{number}]")
        chains.append(f"{_placed(source, output.sample_rate, order)},apad=whole_len={samples}{pads[-1]}")
        places += [f"{number}.{channel}" for channel in range(source.channels)]
    spread = "|".join(f"{place}-{channel}" for place, channel in zip(places, channels.split(), strict=True))
    join = f"{''.join(pads)}join=inputs={len(pads)}:channel_layout={layout}:map={spread}"
    return ";".join([*chains, f"{join},{ending}"])


def _placed(source: AudioSource, sample_rate: int, order: Mapping[int, int]) -> str:
    """One source on the programme's clock: begins at 0 exactly, silence where it has holes."""
    shift = f"asetpts=round(PTS-({source.origin.numerator}/{source.origin.denominator})/TB)"
    place = f"aresample={sample_rate}:async=1:first_pts=0:min_hard_comp={SMALLEST_HOLE}"
    return f"[{order[source.file]}:{source.stream}]{shift},{place}"


def _encoding(output: AudioOutput) -> list[str]:
    encoder = ["-map", f"[{output.name}]", "-c:a", output.codec, "-b:a", str(output.bitrate)]
    return [*encoder, "-use_editlist", "0", "-avoid_negative_ts", "make_zero"]


def _passing(output: AudioOutput, order: Mapping[int, int]) -> list[str]:
    """An untouched copy, its timestamps on the programme's clock to the tick; the edit list keeps them to the sample.

    They are moved before they are written: an MP4 file has no room for what lies seconds before its zero.
    """
    source = output.sources[0]
    zero = f"({source.origin.numerator}/{source.origin.denominator})/TB"
    moved = f"setts=pts=round(PTS-{zero}):dts=round(DTS-{zero})"
    place = ["-map", f"{order[source.file]}:{source.stream}", "-c:a", "copy", "-bsf:a", moved]
    return [*place, "-avoid_negative_ts", "disabled", "-movie_timescale", str(output.sample_rate)]
