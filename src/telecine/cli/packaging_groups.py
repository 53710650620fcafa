"""`telecine packaging-group …`: what packaged assets of a site are made into, how they are encrypted, where they go."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows
from telecine.core.errors import ErrorKind, TelecineError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from telecine.catalog.models import PackagingGroup
    from telecine.core.job import Format, Protection

app = typer.Typer(no_args_is_help=True)

_RETENTION = re.compile(r"(\d{1,6})([dh])", re.ASCII)

Name = Annotated[str, typer.Argument(help="The name that requests call it by: packagingGroupId.")]
Site = Annotated[str, typer.Option("--site", help="Site id.")]
Formats = Annotated[
    list[str] | None, typer.Option("--format", help="hls, dash or cmaf; may be given several times. Default: all.")
]
Segment = Annotated[
    float | None, typer.Option("--segment-seconds", min=0, max=60, help="Length of a segment; 0 means the house's.")
]
Encrypt = Annotated[bool | None, typer.Option("--encrypt/--no-encrypt", help="Whether its trees are encrypted.")]
MultiKey = Annotated[bool | None, typer.Option(help="A key for each of SD, HD, UHD1, UHD2 and AUDIO.")]
SdHeight = Annotated[int | None, typer.Option("--max-sd-height", min=1, help="Lines up to which a picture is SD.")]
HdHeight = Annotated[int | None, typer.Option("--max-hd-height", min=1, help="Lines up to which a picture is HD.")]
UhdHeight = Annotated[int | None, typer.Option("--max-uhd1-height", min=1, help="Lines up to which it is UHD1.")]
SkipAudio = Annotated[bool | None, typer.Option(help="Whether audio stays clear.")]
ClearLead = Annotated[float | None, typer.Option("--clear-lead", min=0, help="Seconds at the start that stay clear.")]
TrackTypes = Annotated[
    bool | None, typer.Option(help="Manifests for SD, up to HD and up to UHD besides; with --multi-key.")
]
StorageOption = Annotated[
    str | None, typer.Option("--storage", help="Id or bucket of an output storage, for requests that do not say where.")
]
Folder = Annotated[str | None, typer.Option("--path", help="Folder in that storage.")]
PublicUrl = Annotated[str | None, typer.Option("--public-url", help="Where viewers reach that storage, as by a CDN.")]
Retention = Annotated[
    str | None, typer.Option(help="How long outputs stay after completion: 30d, 12h, or keep. Default: keep.")
]


@app.command("create")
def create(
    name: Name,
    site: Site,
    formats: Formats = None,
    segment_seconds: Segment = None,
    encrypt: Encrypt = None,
    multi_key: MultiKey = None,
    max_sd_height: SdHeight = None,
    max_hd_height: HdHeight = None,
    max_uhd1_height: UhdHeight = None,
    skip_audio: SkipAudio = None,
    clear_lead: ClearLead = None,
    track_type_manifests: TrackTypes = None,
    storage: StorageOption = None,
    path: Folder = None,
    public_url: PublicUrl = None,
    retention: Retention = None,
    as_json: AsJson = False,
) -> None:
    """Add a packaging group. An option of encryption turns encryption on."""
    from telecine.catalog import packaging_groups

    options = _options(multi_key, skip_audio, clear_lead, track_type_manifests)
    ladder = _ladder(max_sd_height, max_hd_height, max_uhd1_height)
    with rooms.database(rooms.settings()).write() as s:
        given = _given(s, site, formats, segment_seconds, storage, path, public_url, retention)
        protection = _protection(None, encrypt, options, ladder)
        group = packaging_groups.create(s, site, name, packaging_groups.GroupValues(**given, protection=protection))
        record = _record(group)
    show_record(record, as_json)


@app.command("update")
def update(
    name: Name,
    site: Site,
    formats: Formats = None,
    segment_seconds: Segment = None,
    encrypt: Encrypt = None,
    multi_key: MultiKey = None,
    max_sd_height: SdHeight = None,
    max_hd_height: HdHeight = None,
    max_uhd1_height: UhdHeight = None,
    skip_audio: SkipAudio = None,
    clear_lead: ClearLead = None,
    track_type_manifests: TrackTypes = None,
    storage: StorageOption = None,
    path: Folder = None,
    public_url: PublicUrl = None,
    retention: Retention = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given, for assets to come. An empty --storage, --path or --public-url takes it away."""
    from telecine.catalog import packaging_groups

    options = _options(multi_key, skip_audio, clear_lead, track_type_manifests)
    ladder = _ladder(max_sd_height, max_hd_height, max_uhd1_height)
    with rooms.database(rooms.settings()).write() as s:
        given = _given(s, site, formats, segment_seconds, storage, path, public_url, retention)
        present = packaging_groups.protection_of(packaging_groups.get(s, site, name))
        if encrypt is not None or options or ladder:
            given["protection"] = _protection(present, encrypt, options, ladder)
        record = _record(packaging_groups.update(s, site, name, packaging_groups.GroupChanges(**given)))
    show_record(record, as_json)


@app.command("list")
def list_groups(site: Site, as_json: AsJson = False) -> None:
    """List the packaging groups of a site."""
    from telecine.catalog import packaging_groups, sites

    with rooms.database(rooms.settings()).read() as s:
        sites.get(s, site)
        rows = [_record(group) for group in packaging_groups.every(s, site)]
    columns = ["name", "formats", "encryption", "storage_id", "path", "retention"]
    show_rows(rows, columns, as_json, none=f"There is none yet: telecine packaging-group create NAME --site {site}")


@app.command("show")
def show(name: Name, site: Site, as_json: AsJson = False) -> None:
    """Show a packaging group."""
    from telecine.catalog import packaging_groups

    with rooms.database(rooms.settings()).read() as s:
        show_record(_record(packaging_groups.get(s, site, name)), as_json)


@app.command("delete")
def delete(name: Name, site: Site, as_json: AsJson = False) -> None:
    """Delete a packaging group. Assets that were asked for with it are made and kept as it said."""
    from telecine.catalog import packaging_groups

    with rooms.database(rooms.settings()).write() as s:
        packaging_groups.delete(s, site, name)
    show_record({"name": name, "deleted": True}, as_json)


def _given(
    s: Session,
    site_id: str,
    formats: list[str] | None,
    segment_seconds: float | None,
    storage: str | None,
    path: str | None,
    public_url: str | None,
    retention: str | None,
) -> dict[str, Any]:
    """The values that were given, as the catalog has them."""
    given: dict[str, Any] = {"path": path, "public_url": public_url}
    given = {name: value for name, value in given.items() if value is not None}
    if formats:
        given["formats"] = [_format(text) for text in formats]
    if segment_seconds is not None:
        given["segment_seconds"] = segment_seconds or None
    if storage is not None:
        given["storage_id"] = _storage(s, site_id, storage) if storage else None
    if retention is not None:
        given["retention"] = _retention(retention)
    return given


def _format(text: str) -> Format:
    from telecine.core.job import Format

    if text.lower() not in set(Format):
        raise TelecineError(ErrorKind.FIELD_INVALID, "it takes hls, dash and cmaf.", field="format")
    return Format(text.lower())


def _storage(s: Session, site_id: str, text: str) -> str:
    """The id of the output storage that has this id or this bucket. Raises NOT_FOUND."""
    from telecine.catalog import storages

    found = storages.of_bucket(s, site_id, text, "output")
    return found.storage_id if found else storages.get(s, site_id, text).storage_id


def _retention(text: str) -> timedelta | None:
    if text.lower() == "keep":
        return None
    match = _RETENTION.fullmatch(text.lower())
    if match is None:
        detail = "it is a number of days or hours, such as 30d or 12h, or keep."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field="retention")
    number = int(match[1])
    return timedelta(days=number) if match[2] == "d" else timedelta(hours=number)


def _options(
    multi_key: bool | None, skip_audio: bool | None, clear_lead: float | None, manifests: bool | None
) -> dict[str, Any]:
    """The options of encryption that were given."""
    every = {
        "multi_key": multi_key,
        "skip_audio": skip_audio,
        "clear_lead": clear_lead,
        "track_type_manifests": manifests,
    }
    return {name: value for name, value in every.items() if value is not None}


def _ladder(sd: int | None, hd: int | None, uhd1: int | None) -> dict[str, int]:
    every = {"max_sd_height": sd, "max_hd_height": hd, "max_uhd1_height": uhd1}
    return {name: value for name, value in every.items() if value is not None}


def _protection(
    present: Protection | None, encrypt: bool | None, options: dict[str, Any], ladder: dict[str, int]
) -> Protection | None:
    """How to encrypt: as at present with the options given; None where nothing asks for it. Raises FIELD_INVALID."""
    from telecine.core.job import Protection

    if encrypt is False:
        if options or ladder:
            raise TelecineError(ErrorKind.FIELD_INVALID, "options of encryption contradict it.", field="no-encrypt")
        return None
    if present is None and not (encrypt or options or ladder):
        return None
    base = present or Protection()
    made = base.model_copy(update={**options, "ladder": base.ladder.model_copy(update=ladder)})
    heights = (made.ladder.max_sd_height, made.ladder.max_hd_height, made.ladder.max_uhd1_height)
    if sorted(heights) != list(heights):
        raise TelecineError(ErrorKind.FIELD_INVALID, "SD must end before HD, HD before UHD1.", field="max-sd-height")
    if made.track_type_manifests and not made.multi_key:
        detail = "manifests for some screens need a key for each size of picture: --multi-key."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field="track-type-manifests")
    return made


def _record(group: PackagingGroup) -> dict[str, Any]:
    from telecine.catalog import packaging_groups

    protection = packaging_groups.protection_of(group)
    kept = packaging_groups.retention_of(group)
    return {
        "site_id": group.site_id,
        "name": group.name,
        "formats": ",".join(group.formats),
        "segment_seconds": group.segment_seconds,
        "encryption": _in_words(protection),
        "storage_id": group.storage_id,
        "path": group.path,
        "public_url": group.public_url,
        "retention": "keep" if kept is None else f"{kept.total_seconds() / 3600:g}h",
        "update_time": group.update_time,
    }


def _in_words(protection: Protection | None) -> str:
    if protection is None:
        return "none"
    said = ["a key for each size" if protection.multi_key else "one key"]
    if protection.multi_key:
        ladder = protection.ladder
        said.append(f"SD/HD/UHD1 up to {ladder.max_sd_height}/{ladder.max_hd_height}/{ladder.max_uhd1_height} lines")
    said += ["audio clear"] if protection.skip_audio else []
    said += [f"first {protection.clear_lead:g} s clear"] if protection.clear_lead else []
    said += ["manifests by track type"] if protection.track_type_manifests else []
    return ", ".join(said)
