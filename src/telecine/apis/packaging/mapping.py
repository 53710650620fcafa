"""Translates a job to register into the canonical job: everything that the document says of it, checked as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from telecine.apis.drm_options import protection_of
from telecine.apis.findings import Findings
from telecine.apis.packaging.schema_job import DashOption, DrmOption, JobRegistration, Subtitle
from telecine.apis.paths import file_key, folder
from telecine.core.job import Format, JobSpec, Marking, Packaging, Protection, SubtitleInput
from telecine.core.languages import UNKNOWN, of_tag

_CONTENTS = "storage.input.contents_path"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the site has besides its storages: how it marks, whether it is on trial, and a trial's largest file."""

    marking: Marking
    trial: bool = False
    trial_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Translated:
    """What a registration means. `echo` is what the list gives back of it, as it was sent."""

    spec: JobSpec
    echo: dict[str, Any]
    warnings: tuple[str, ...]


def translate_job(request: JobRegistration, sent: dict[str, Any], terms: Terms, found: Findings) -> Translated:
    """The canonical job that `request` asks for; `sent` is the same request as it arrived.

    Raises every fault that it finds, and those that `found` held before. The ladder follows from the files, which are
    looked at when the job runs.
    """
    contents = _contents(request.storage.input.contents_path, found, trial=terms.trial)
    path = folder(request.storage.output.path[0], "storage.output.path", found)
    protection = _protection(request, found)
    subtitles = _subtitles(request.subtitles or [], found)
    found.settle()
    spec = JobSpec(
        name=request.job_name,
        content_id=request.content_id,
        input_storage=request.storage.input.storage_id,
        contents=contents,
        input_bytes=terms.trial_bytes if terms.trial else None,
        subtitles=subtitles,
        output_storage=request.storage.output.storage_id,
        output_path=path,
        packaging=_packaging(request.streaming_format, request.dash_option or DashOption()),
        protection=protection,
        marking=terms.marking,
    )
    echo = {name: sent[name] for name in type(request).model_fields if name in sent}
    return Translated(spec, echo, tuple(found.warnings))


def _contents(paths: Sequence[str], found: Findings, *, trial: bool) -> tuple[str, ...]:
    """Keys of files and folders without slashes at the ends, each once."""
    known: dict[str, int] = {}
    for place, path in enumerate(paths):
        at = f"{_CONTENTS}[{place}]"
        key = folder(path, at, found)
        if not key:
            found.invalid(at, "it names a whole storage; name a file or a folder in it.")
        elif key in known:
            found.invalid(at, f"it is the same as number {known[key]}.")
        known.setdefault(key, place)
        if trial and not key.lower().endswith(".mp4"):
            found.invalid(at, "a trial packages MP4 files only.")
    if trial and len(paths) > 1:
        found.out_of_range(_CONTENTS, "a trial has no adaptive streaming: one file.")
    return tuple(known)


def _protection(request: JobRegistration, found: Findings) -> Protection | None:
    """Encryption, where it is among the kinds of protection; the mark always is.

    `protect_type` of the document's sample and `protection_type` of its table mean the same.
    """
    names = ("protection_type", "protect_type")
    given = {name: kinds for name in names if (kinds := getattr(request, name)) is not None}
    if not given:
        found.missing("protection_type", "It holds 'watermark', and 'drm' where wanted.")
    if len({frozenset(kinds) for kinds in given.values()}) > 1:
        found.invalid("protect_type", "it differs from 'protection_type'.")
    for name, kinds in given.items():
        if "watermark" not in kinds:
            found.invalid(name, "it must hold 'watermark', which is mandatory.")
    if any("drm" in kinds for kinds in given.values()):
        return protection_of(request.drm_option or DrmOption(), "drm_option", found)
    if request.drm_option is not None:
        found.warn("'drm_option' has no effect: 'drm' is not among the kinds of protection.")
    return None


def _subtitles(subtitles: Sequence[Subtitle], found: Findings) -> tuple[SubtitleInput, ...]:
    read = []
    for place, subtitle in enumerate(subtitles):
        key = file_key(subtitle.path, f"subtitles[{place}].path", found)
        language = of_tag(subtitle.language or "")
        if subtitle.language and not language:
            found.invalid(f"subtitles[{place}].language", "it is no ISO 639-1 or 639-2 language code.")
        read.append(SubtitleInput(path=key, language=language or UNKNOWN))
    return tuple(read)


def _packaging(trees: Sequence[str], option: DashOption) -> Packaging:
    return Packaging(
        formats=tuple(Format(tree) for tree in dict.fromkeys(trees)),
        min_buffer_time=option.min_buffer_time or 2.0,
        average_bandwidth=bool(option.enable_average_bandwidth_mpd),
    )
