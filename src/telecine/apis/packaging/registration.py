"""Checks a job to register as a whole: everything that the document says of it, against what the site has."""

from collections.abc import Callable, Sequence

from telecine.apis.findings import Findings
from telecine.apis.packaging.faults import NO_WATERMARK, Fault
from telecine.apis.packaging.schema_job import DrmOption, JobRegistration, OutputPlace, Subtitle
from telecine.apis.paths import file_key, folder
from telecine.catalog import storages
from telecine.catalog.models import Storage
from telecine.core.drm import Ladder
from telecine.core.errors import ErrorKind
from telecine.core.languages import of_tag

_HEIGHTS = ("max_sd_height", "max_hd_height", "max_uhd1_height")


def check(job: JobRegistration, find_storage: Callable[[str], Storage | None], *, trial: bool) -> None:
    """Raise every fault of `job`. `find_storage` gives the site's storage with an id; `trial`: the site is on one."""
    found = Findings()
    _check_storages(job, find_storage, found)
    _check_contents(job.storage.input.contents_path, found, trial=trial)
    _check_output(job.storage.output, found)
    _check_protection(job, found)
    _check_subtitles(job.subtitles or [], found)
    if job.drm_option is not None:
        _check_ladder(job.drm_option, found)
    found.settle()


def refusal() -> Fault:
    """Why a job that has no fault is refused all the same: it is never made without its watermark in silence."""
    return Fault(
        NO_WATERMARK,
        "protection_type",
        "forensic watermarks come with a later release. No job was created.",
        kind=ErrorKind.NOT_SUPPORTED_YET,
        cure="The request has no fault; send it again then.",
    )


def _check_storages(job: JobRegistration, find: Callable[[str], Storage | None], found: Findings) -> None:
    places = {"input": job.storage.input.storage_id, "output": job.storage.output.storage_id}
    for io_type, storage_id in places.items():
        at = f"storage.{io_type}.storage_id"
        storage = find(storage_id)
        if storage is None:
            found.invalid(at, "the site has no storage with this id.")
        elif not storages.serves(storage, io_type):
            found.invalid(at, f"the storage is registered for {storage.io_type}: its keys allowed no more.")


def _check_contents(paths: Sequence[str], found: Findings, *, trial: bool) -> None:
    known: dict[str, int] = {}
    for place, path in enumerate(paths):
        at = f"storage.input.contents_path[{place}]"
        key = folder(path, at, found)
        if not key:
            found.invalid(at, "it names a whole storage; name a file or a folder in it.")
        elif key in known:
            found.invalid(at, f"it is the same as number {known[key]}.")
        known.setdefault(key, place)
        if trial and not key.lower().endswith(".mp4"):
            found.invalid(at, "a trial packages MP4 files only.")
    if trial and len(paths) > 1:
        found.out_of_range("storage.input.contents_path", "a trial has no adaptive streaming: one file.")


def _check_output(place: OutputPlace, found: Findings) -> None:
    folder(place.path[0], "storage.output.path", found)


def _check_protection(job: JobRegistration, found: Findings) -> None:
    """`protect_type` of the document's sample and `protection_type` of its table mean the same."""
    given = {name: kinds for name in ("protection_type", "protect_type") if (kinds := getattr(job, name)) is not None}
    if not given:
        found.missing("protection_type", "It holds 'watermark', and 'drm' where wanted.")
        return
    if len({frozenset(kinds) for kinds in given.values()}) > 1:
        found.invalid("protect_type", "it differs from 'protection_type'.")
    for name, kinds in given.items():
        if "watermark" not in kinds:
            found.invalid(name, "it must hold 'watermark', which is mandatory.")


def _check_subtitles(subtitles: Sequence[Subtitle], found: Findings) -> None:
    for place, subtitle in enumerate(subtitles):
        file_key(subtitle.path, f"subtitles[{place}].path", found)
        if subtitle.language and not of_tag(subtitle.language):
            found.invalid(f"subtitles[{place}].language", "it is no ISO 639-1 or 639-2 language code.")


def _check_ladder(option: DrmOption, found: Findings) -> None:
    given = {name: value for name in _HEIGHTS if (value := getattr(option, name))}
    ladder = Ladder(**given)
    tops = [getattr(ladder, name) for name in _HEIGHTS]
    for lower, higher, name in zip(tops, tops[1:], _HEIGHTS[1:], strict=False):
        if higher <= lower:
            found.out_of_range(f"drm_option.{name}", f"it must be more than {lower}, where the class below it ends.")
            return
