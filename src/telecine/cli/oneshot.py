"""`telecine run` and `probe`: the engine on files of this machine, with no server and no database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, complaints, show_json, show_record, show_rows
from telecine.cli.progress import JobProgress, Reporter
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from telecine.apis.tnp.mapping import Translated
    from telecine.core.limits import Policy
    from telecine.core.media_info import MediaInfo
    from telecine.core.watermark.pattern import MarkKey
    from telecine.core.watermark.policy import MarkingPolicy
    from telecine.jobs.transcode_here import Outcome
    from telecine.keys.fixed import FixedKeys

MarkChoices = Annotated[
    Path | None,
    typer.Option(
        help="How a marked job is marked, as `telecine site marking SITE --json` prints it. Default: a new site's.",
        exists=True,
        dir_okay=False,
    ),
]

MarkSecret = Annotated[
    Path | None,
    typer.Option(
        help="File whose bytes, 32 or more, are the secret of a marked job's watermarks.", exists=True, dir_okay=False
    ),
]
ReferenceFolder = Annotated[
    Path | None,
    typer.Option(help="New folder for what `telecine detect` compares leaks of a marked job with.", file_okay=False),
]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("run")(run)
    app.command("probe")(probe)


def run(
    job: Annotated[Path, typer.Argument(help="Body of a T&P create-job request.", exists=True, dir_okay=False)],
    source: Annotated[Path, typer.Option("--input", help="Folder that stands for the input storage.")],
    target: Annotated[Path, typer.Option("--output", help="Folder that stands for the output storage.")],
    work: Annotated[
        Path | None, typer.Option(help="Work folder; a second run goes on where it was broken off. Default: temporary.")
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="Content keys of an encrypted job, as CPIX; see `telecine keys make`.", dir_okay=False),
    ] = None,
    mark_secret: MarkSecret = None,
    site: Annotated[str, typer.Option(help="Site that a marked job's content belongs to.")] = "",
    marking: MarkChoices = None,
    reference: ReferenceFolder = None,
    slots: Annotated[int, typer.Option(min=0, help="Encodes at once; 0 means cores / 2.")] = 0,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print the command lines of the engines.")] = False,
    as_json: AsJson = False,
) -> None:
    """Do one job in this process: the same request and the same engine as the server's.

    The request's storage ids do not matter, and a wish to be notified is ignored.
    """
    from telecine.jobs import references
    from telecine.jobs.here import Engines, Stores
    from telecine.jobs.transcode_here import run_all
    from telecine.media.workspace import Workspace
    from telecine.storage.folder import FolderStore

    in_force = rooms.settings()
    asked = _read_job(job, in_force.policy, _read_marking(marking))
    ring = _read_keys(keys, asked)
    mark_key = _mark_key(mark_secret, site, asked)
    _check_reference(reference, asked)
    tools = rooms.tools(in_force)
    if not source.is_dir():
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{source} is not a folder.", field="--input")
    target.mkdir(parents=True, exist_ok=True)
    stores = Stores(FolderStore(source), FolderStore(target))
    with rooms.work_folder(work) as folder, JobProgress(asked.spec.name) as shown:
        log = _print_line if verbose else _drop_line
        by = Engines(tools, in_force.limits, in_force.policy, Reporter(shown), log, slots or in_force.encodes)
        outcome = run_all(asked.spec, stores, folder, by, ring, mark_key)
        if reference is not None:
            references.copy(Workspace(folder).title_reference, reference)
    _show_outcome(outcome, asked, target, as_json)


def probe(
    file: Annotated[Path, typer.Argument(help="A media file.", exists=True, dir_okay=False)], as_json: AsJson = False
) -> None:
    """Say what a media file holds, as a job would see it, and refuse what a job would refuse."""
    from telecine.media import probe as prober

    in_force = rooms.settings()
    info = prober.probe(file.resolve(), rooms.tools(in_force), in_force.limits)
    if as_json:
        show_json(info.model_dump(mode="json"))
        return
    show_record(
        {"format": info.demuxer, "duration": f"{float(info.duration):.3f} s", "size": f"{info.size:,} bytes"}, False
    )
    show_rows(list(_tracks(info)), ["track", "codec", "what", "language", "bitrate"], False, none="It holds no track.")
    for warning in info.warnings:
        complaints().print(f"Warning: {warning}", markup=False)


def _read_job(path: Path, policy: Policy, marks: MarkingPolicy) -> Translated:
    """The job in a file. Raises BODY_NOT_JSON, FIELD_…, NOT_SUPPORTED_YET as the server would."""
    from pydantic import ValidationError

    from telecine.apis.findings import Problems
    from telecine.apis.invalid import translate
    from telecine.apis.strict_json import parse
    from telecine.apis.tnp.mapping import translate_job
    from telecine.apis.tnp.schema_job import JobRequest

    sent = parse(path.read_bytes())
    for side in ("input", "output"):
        if isinstance(sent.get(side), dict):
            sent[side].setdefault("storage_id", side)
    try:
        request = JobRequest.model_validate(sent)
    except ValidationError as error:
        found = translate({**one, "loc": ("body", *one["loc"])} for one in error.errors())
        raise Problems(found) from error
    return translate_job(request, sent, policy, marks)


def _read_marking(path: Path | None) -> MarkingPolicy:
    """A site's choices from a file, which may name the site. Raises BODY_NOT_JSON and FIELD_INVALID."""
    from pydantic import ValidationError

    from telecine.apis.strict_json import parse
    from telecine.core.watermark.policy import MarkingPolicy

    if path is None:
        return MarkingPolicy()
    chosen = parse(path.read_bytes())
    chosen.pop("site_id", None)
    try:
        return MarkingPolicy.model_validate(chosen)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{where}: {first['msg']}.", field="--marking") from error


def _read_keys(given: Path | None, asked: Translated) -> FixedKeys | None:
    """The content keys of an encrypted job, which come from a file here: there is no vault to keep new ones in."""
    from telecine.keys.fixed import FixedKeys

    if given is not None:
        return FixedKeys.from_cpix(given.read_bytes())
    if asked.spec.protected:
        why = "The job asks for encryption. 'telecine keys make > keys.cpix' makes one, --label SD and so on several."
        raise TelecineError(ErrorKind.FIELD_MISSING, why, field="--keys")
    return None


def _mark_key(secret: Path | None, site: str, asked: Translated) -> MarkKey | None:
    """The key of a marked job's title. The secret comes from a file here: there is no site to keep it for."""
    from telecine.core.watermark.pattern import derive_mark_key

    if asked.spec.marking is None:
        return None
    if secret is None:
        why = "The job asks for a watermark. 'head -c 32 /dev/urandom > secret' makes a secret; keep it to trace leaks."
        raise TelecineError(ErrorKind.FIELD_MISSING, why, field="--mark-secret")
    if not site:
        why = "The site is part of the watermark's key: name the one that leaks will be traced for."
        raise TelecineError(ErrorKind.FIELD_MISSING, why, field="--site")
    try:
        return derive_mark_key(secret.read_bytes(), site, asked.spec.content_id)
    except ValueError as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, f"The {error}.", field="--mark-secret") from error


def _check_reference(place: Path | None, asked: Translated) -> None:
    """A reference is of a marked title, and takes no other one's place."""
    if place is not None and asked.spec.marking is None:
        why = "The job asks for no watermark, so there is nothing to compare leaks with."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="--reference")
    if place is not None and place.exists():
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{place} is there already.", field="--reference")


def _show_outcome(outcome: Outcome, asked: Translated, target: Path, as_json: bool) -> None:
    warnings = list(dict.fromkeys((*asked.warnings, *outcome.plan.warnings)))
    published = outcome.published
    manifests = [str(target / key) for key in published.manifests]
    values: dict[str, Any] = {
        "manifests": manifests,
        "files": published.files,
        "bytes": published.bytes,
        "duration": published.duration,
        "seconds": outcome.seconds,
    }
    if outcome.marks:
        values["marks"] = outcome.marks.model_dump(mode="json")
    if as_json:
        show_json(values | {"warnings": warnings})
        return
    for warning in warnings:
        complaints().print(f"Warning: {warning}", markup=False)
    steps = {f"seconds.{step}": f"{taken:.1f}" for step, taken in outcome.seconds.items()}
    duration = f"{published.duration:.2f} s"
    totals = {"files": published.files, "bytes": f"{published.bytes:,}", "duration": duration}
    marks = {"mark": outcome.marks.summary} if outcome.marks else {}
    show_record(steps | totals | marks | {"manifest": "  ".join(manifests)}, as_json=False)


def _tracks(info: MediaInfo) -> Iterator[dict[str, Any]]:
    if info.video:
        video = info.video
        extras = [f"{video.bit_depth} bit"] if video.bit_depth > 8 else []
        extras += ["HDR"] if video.hdr else []
        extras += [f"rotated {video.rotation}"] if video.rotation else []
        extras += ["variable rate"] if video.variable_rate else []
        extras += ["interlaced"] if video.field_order not in ("progressive", "unknown") else []
        what = ", ".join([f"{video.width}x{video.height}", f"{float(video.frame_rate):.5g} fps", *extras])
        yield {"track": "video", "codec": video.codec, "what": what, "language": "", "bitrate": _rate(video.bitrate)}
    for audio in info.audio:
        what = f"{audio.channels} channels, {audio.sample_rate} Hz"
        yield {
            "track": f"audio {audio.order}",
            "codec": audio.codec,
            "what": what,
            "language": audio.language,
            "bitrate": _rate(audio.bitrate),
        }


def _rate(bits: int) -> str:
    return f"{bits / 1000:.0f} kbit/s" if bits else ""


def _print_line(line: str) -> None:
    complaints().print(line, markup=False, style="dim")


def _drop_line(_line: str) -> None:
    """Log lines are for --verbose."""
