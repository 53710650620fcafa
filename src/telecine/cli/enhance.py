"""`telecine enhance`: make a better video of one, on this machine, with no server and no database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, complaints, show_json, show_record, show_rows
from telecine.cli.progress import JobProgress, Reporter
from telecine.core.enhance.presets import PRESETS
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.core.enhance.spec import Enhancement
    from telecine.jobs.enhance_here import Outcome

SUFFIXES = {".mp4": "mp4", ".mov": "mov", ".mxf": "mxf", ".mts": "mts", ".m2ts": "mts", ".ts": "mts"}
"""Containers by the ending of a file's name."""


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command("enhance")(enhance)


def _word(meaning: str) -> Any:  # noqa: ANN401 - typer's own type
    return typer.Option(help=meaning)


def enhance(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A video.", exists=True, dir_okay=False)],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The better one; its ending names the container.")],
    preset: Annotated[str, _word(f"What is not given is as this has it: {', '.join(PRESETS)}.")] = "",
    container: Annotated[str, _word("mov, mxf, mp4 or mts. Default: by the ending of OUT.")] = "",
    codec: Annotated[str, _word("h264, hevc, prores, dnxhd, xdcam, mpeg2 or ffv1. Default: the source's.")] = "",
    apple_prores_profile: Annotated[str, _word("proxy, lt, standard, hq, 4444 or 4444xq.")] = "",
    dnxhd_hr_profile: Annotated[str, _word("dnxhd_lb … dnxhd_hqx, dnxhr_lb … dnxhr_444.")] = "",
    scanning: Annotated[str, _word("auto, progressive, interlaced_tff or interlaced_bff.")] = "",
    yuv: Annotated[str, _word("Chroma subsampling, such as 4:2:2. Default: the source's.")] = "",
    bits: Annotated[int | None, _word("Bits of a sample: 8, 10, 12, 14 or 16.")] = None,
    mbps: Annotated[float | None, _word("Megabits per second. Default: inferred.")] = None,
    deinterlacer: Annotated[str, _word("deint, yadif, bwdif or weston3f.")] = "",
    denoiser: Annotated[str, _word("denoise or hqdn3d.")] = "",
    stabilizer: Annotated[str, _word("dejit (displaced lines) or steady (a shaking camera).")] = "",
    scaler: Annotated[str, _word("pabsr1, dvres, dvres2, scale, or generative.")] = "",
    clarity_boost: Annotated[str, _word("With pabsr1: none, marginal, very_low … very_high, or 0 to 6.")] = "",
    resolution: Annotated[str, _word("A tag (hd_1080p, uhd_4k, uhd_8k, 2x, 3x, 4x), or WIDTHxHEIGHT.")] = "",
    frame_rate_converter: Annotated[str, _word("fps, fblend, mcinterpolate or vfi.")] = "",
    frame_rate: Annotated[str, _word("A tag (film_ntsc, video_pal, …), or frames per second.")] = "",
    post_processor: Annotated[str, _word("filmgrain.")] = "",
    span: Annotated[str, typer.Option("--range", help="Milliseconds, as START:END; either may be left out.")] = "",
    tier: Annotated[str, _word("fast or quality (usual): what an option may cost that several engines can do.")] = "",
    work: Annotated[Path | None, _word("Work folder, to go on after a break. Default: temporary.")] = None,
    keep: Annotated[bool, _word("Keep the work folder beside OUT, as OUT.work.")] = False,
    slots: Annotated[int, _word("Chunks at once; 0 means cores / 2.")] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print the engines' command lines.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a better video of one: the same options and engines as the server's video API.

    Says which engines did it, what was made otherwise than asked for, and how long it took.
    """
    file = {"container": container or _container(target), "codec": codec}
    given = {"preset": preset, "mediaContainerCodec": file, "appleProresProfile": apple_prores_profile}
    given |= {"dnxhdHrProfile": dnxhd_hr_profile, "scanning": {"tag": scanning}, "bitrate": {"mbps": mbps}}
    given |= {"deinterlacer": deinterlacer, "denoiser": denoiser, "stabilizer": stabilizer, "scaler": scaler}
    given |= {"clarityBoost": clarity_boost, "frameRateConverter": frame_rate_converter, "tier": tier}
    given |= {"chromaSubsampling": {"yuv": yuv, "bits": bits}, "postProcessor": post_processor}
    given |= {"resolution": _resolution(resolution), "frameRate": _frame_rate(frame_rate), "range": _range(span)}
    asked = _asked(_without_nothing(given), source)
    place = work or (target.with_name(f"{target.name}.work") if keep else None)
    _show(_run(asked, source.resolve(), target.resolve(), place, slots, verbose), target, as_json)


def _run(asked: Enhancement, source: Path, target: Path, place: Path | None, slots: int, verbose: bool) -> Outcome:
    from telecine.jobs.enhance_here import run_all
    from telecine.jobs.here import Engines

    if source == target:
        raise TelecineError(ErrorKind.FIELD_INVALID, "it is the source itself.", field="OUT")
    in_force = rooms.settings()
    tools = rooms.tools(in_force)
    log = _print_line if verbose else _drop_line
    with rooms.work_folder(place) as folder, JobProgress(target.name) as shown:
        by = Engines(tools, in_force.limits, in_force.policy, Reporter(shown), log, slots or in_force.encodes)
        return run_all(asked, source, target, folder, by)


def _container(target: Path) -> str:
    """The container that a file's name asks for. Raises FIELD_INVALID where it names none."""
    if target.suffix.lower() not in SUFFIXES:
        why = f"its name ends in none of {', '.join(SUFFIXES)}; or say --container."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="OUT")
    return SUFFIXES[target.suffix.lower()]


def _without_nothing(given: dict[str, Any]) -> dict[str, Any]:
    """What was really given, at every depth."""
    inner = {name: _without_nothing(value) if isinstance(value, dict) else value for name, value in given.items()}
    return {name: value for name, value in inner.items() if value not in ("", None, {})}


def _asked(given: dict[str, Any], source: Path) -> Enhancement:
    """The options as the API would understand them. Raises FIELD_… as the server would."""
    from pydantic import ValidationError

    from telecine.apis.findings import Problems
    from telecine.apis.invalid import translate as translate_errors
    from telecine.apis.pixop.mapping import translate
    from telecine.apis.pixop.schema_process import ProcessRequest
    from telecine.media.sniff import sniff

    try:
        request = ProcessRequest.model_validate(given)
    except ValidationError as error:
        raise Problems(translate_errors({**one, "loc": ("body", *one["loc"])} for one in error.errors())) from error
    return translate(request, source.name, sniff(source, archives=True))


def _resolution(text: str) -> dict[str, Any]:
    width, times, height = text.lower().partition("x")
    if times and width.isdecimal() and height.isdecimal() and height:
        return {"width": int(width), "height": int(height)}
    return {"tag": text}


def _frame_rate(text: str) -> dict[str, Any]:
    return {"fps": text} if text[:1].isdigit() else {"tag": text}


def _range(text: str) -> dict[str, Any]:
    """`START:END` in milliseconds. Raises FIELD_INVALID."""
    start, colon, end = text.partition(":")
    if (text and not colon) or not all(part.isdecimal() or not part for part in (start, end)):
        raise TelecineError(ErrorKind.FIELD_INVALID, "it is not START:END in milliseconds.", field="--range")
    return {"startPositionMilliseconds": start, "endPositionMilliseconds": end}


def _show(outcome: Outcome, target: Path, as_json: bool) -> None:
    import json

    from telecine.core.enhance.parameters import processing_parameters

    plan = outcome.plan
    notes = [*plan.substitutions, *plan.warnings]
    columns = ("option", "value", "engine", "version")
    engines = [{name: getattr(stage, name) for name in columns} for stage in plan.stages]
    report = json.loads(outcome.report) if outcome.report else None
    if as_json:
        parameters = processing_parameters(plan, None)["targetVideo"]
        values = {"file": str(target), "bytes": target.stat().st_size, "target": parameters, "engines": engines}
        more = {"notes": notes, "seconds": outcome.seconds, "report": report, "generative": plan.generative}
        show_json(values | more)
        return
    for note in notes:
        complaints().print(f"Note: {note}", markup=False)
    show_rows(engines, list(columns), False, none="No filter was asked for.")
    picture = plan.target.picture
    what = f"{picture.width}x{picture.height}, {float(picture.rate):.5g} fps, {picture.pixel_format}"
    made = {"video": f"{plan.target.codec} in {plan.target.container}, {what}", "frames": picture.frames}
    steps = {f"seconds.{step}": f"{taken:.1f}" for step, taken in outcome.seconds.items()}
    size = {"bytes": f"{target.stat().st_size:,}", "file": str(target)}
    show_record(made | steps | size, as_json=False)


def _print_line(line: str) -> None:
    complaints().print(line, markup=False, style="dim")


def _drop_line(_line: str) -> None:
    """Log lines are for --verbose."""
