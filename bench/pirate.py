"""Carries attacks out: from delivered copies to the file that is leaked, by ffmpeg and `bench.redraw`."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np

from bench.attacks import USUAL, WHOLE, Attack, Shape
from bench.redraw import REDRAWS, Picture
from telecine.media.tools import Tools

AS_DELIVERED = "delivered"


def leak(attack: Attack, copies: Sequence[Path], advert: Path, shape: Shape, target: Path, tools: Tools) -> None:
    """Make `target`, an MP4 without sound, of `copies` (as many as the attack takes) and, where it wants one, `advert`.

    Raises CalledProcessError where ffmpeg fails; then there is no target.
    """
    draft = target.with_name(f".{target.name}")
    try:
        _make(attack, copies[: attack.copies], advert, shape, draft, tools)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def graph(attack: Attack, shape: Shape) -> str:
    """The attack's `-filter_complex`, from copies (input 0 and on) and the advert behind them to the pad `v`."""
    filters = attack.filters.format(w=shape.width, h=shape.height)
    return ";".join([*_mixed(attack, shape), *_cut(attack, shape), f"[cut]{filters}[v]"])


def _make(attack: Attack, copies: Sequence[Path], advert: Path, shape: Shape, target: Path, tools: Tools) -> None:
    if attack.name == AS_DELIVERED:
        _run(tools, [*_files(copies), "-c", "copy"], target)
        return
    first, *again = attack.encoders or (USUAL,)
    stage = target.with_suffix(".first.mp4") if again else target
    with ExitStack() as stack:
        if again:
            stack.callback(stage.unlink, missing_ok=True)
        files = [*copies, advert] if attack.advert else copies
        filtered = ["-filter_complex", graph(attack, shape), "-map", "[v]", *first]
        if attack.redraw:
            _redraw(attack, copies[0], shape, filtered, stage, tools)
        else:
            _run(tools, [*_files(files), *filtered], stage)
        for encoder in again:
            _run(tools, [*_files([stage]), *encoder], target)


def _mixed(attack: Attack, shape: Shape) -> list[str]:
    if not attack.mix:
        return ["[0:v]null[mixed]"]
    # Pictures in turn come with the times that they had, which are not quite even.
    return [f"{attack.mix.filters(shape.segment_frames)},fps={shape.rate:g}[mixed]"]


def _cut(attack: Attack, shape: Shape) -> list[str]:
    """The stretches that are left, one after the other, with the advert after the first."""
    if attack.cuts == WHOLE:
        return ["[mixed]null[cut]"]
    numbers = range(len(attack.cuts))
    pads = [f"[part{number}]" for number in numbers]
    chains = [f"[mixed]split={len(pads)}{''.join(f'[whole{number}]' for number in numbers)}"]
    for number, (begin, end) in enumerate(attack.cuts):
        times = f"start={begin * shape.seconds:.3f}:end={end * shape.seconds:.3f}"
        chains.append(f"[whole{number}]trim={times},setpts=PTS-STARTPTS{pads[number]}")
    if attack.advert:
        alike = f"fps={shape.rate:g},scale={shape.width}:{shape.height},setsar=1,format=yuv420p"
        chains.append(f"[1:v]{alike},setpts=PTS-STARTPTS[advert]")
        pads.insert(1, "[advert]")
    return [*chains, f"{''.join(pads)}concat=n={len(pads)}[cut]"]


def _redraw(attack: Attack, copy: Path, shape: Shape, filtered: Sequence[str], target: Path, tools: Tools) -> None:
    """Decode, change the pictures here, and encode, all at once."""
    raw = ["-f", "rawvideo", "-pix_fmt", "yuv420p"]
    decode = _command(tools, [*_files([copy]), *raw, "pipe:1"])
    size = ["-video_size", f"{shape.width}x{shape.height}", "-framerate", f"{shape.rate:g}"]
    encode = _command(tools, [*raw, *size, "-i", "pipe:0", *filtered, "-f", "mp4", str(target)])
    with (
        subprocess.Popen(decode, stdout=subprocess.PIPE) as decoder,
        subprocess.Popen(encode, stdin=subprocess.PIPE) as encoder,
    ):
        assert decoder.stdout
        assert encoder.stdin
        for picture in REDRAWS[attack.redraw](_pictures(decoder.stdout, shape), shape):
            encoder.stdin.write(picture.tobytes())
        encoder.stdin.close()
    for process, command in ((decoder, decode), (encoder, encode)):
        if process.returncode != 0:
            raise subprocess.CalledProcessError(process.returncode, command)


def _pictures(stream: IO[bytes], shape: Shape) -> Iterator[Picture]:
    rows = shape.height * 3 // 2
    while data := stream.read(rows * shape.width):
        yield np.frombuffer(data, np.uint8).reshape(rows, shape.width)


def _files(paths: Sequence[Path]) -> list[str]:
    return [argument for path in paths for argument in ("-i", str(path))]


def _run(tools: Tools, arguments: Sequence[str], target: Path) -> None:
    # The library of SVT-AV1 talks past ffmpeg's log level.
    command = _command(tools, [*arguments, "-an", "-f", "mp4", str(target)])
    subprocess.run(command, check=True, env={"SVT_LOG": "1"})


def _command(tools: Tools, arguments: Sequence[str]) -> list[str]:
    return [str(tools.ffmpeg), "-hide_banner", "-nostdin", "-v", "error", "-y", *arguments]
