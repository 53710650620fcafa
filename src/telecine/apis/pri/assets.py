"""Makes an asset of a request: finds the storages and groups that it names, and decides the one job that it means."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy.orm import Session

from telecine.apis.findings import Findings
from telecine.apis.pri.mapping import DESTINATION, content_folder, destination, fingerprint
from telecine.apis.pri.schema import AssetRequest
from telecine.apis.pri.targets import Chosen, Group, choose, manifests
from telecine.apis.pri.uris import asset_key, folder, read_uri
from telecine.apis.services import Services
from telecine.apis.wire import unknown_fields
from telecine.catalog import jobs, packaging_groups, storages
from telecine.catalog.models import PackagingGroup, Storage
from telecine.catalog.packaged_assets import NewAsset
from telecine.core.errors import TelecineError
from telecine.core.job import Format, JobSpec, Packaging
from telecine.core.layout import THUMBNAILS

_REGISTER = "register one for it with the T&P API's storage call, or with 'telecine storage create'"
_RECORDERS = frozenset({"status", "deliveryURL", "created", "expires", "statusMessage"})
"""Fields of answers, which a client may send back."""


class Resolver:
    """Reads one request against what its site has. Raises every fault that it finds, with its place in the request."""

    def __init__(self, s: Session, services: Services, site_id: str) -> None:
        self._s = s
        self._services = services
        self._site_id = site_id
        self._found = Findings()
        self._endpoint = urlsplit(services.settings.s3_endpoint).hostname or ""

    def asset(self, body: AssetRequest, request: dict[str, Any]) -> NewAsset:
        """The asset that `request` asks for; `body` is the same, read."""
        found = self._found
        rows = packaging_groups.every(self._s, self._site_id)
        source = self._source(body.sourceUri)
        chosen = choose(body.packagingInfo, body.drm, {row.name: _group(row) for row in rows}, found)
        place = self._destination(request, chosen)
        retention = self._retention(chosen)
        for name in unknown_fields(body):
            if name not in _RECORDERS:
                found.warn(f"'{name[:120]}' is unknown and was ignored.")
        found.settle()
        assert source is not None
        assert place is not None
        spec = _spec(body, source, place, chosen)
        if source[0].aws_bucket == place[0].aws_bucket and _overlap(spec):
            found.invalid(
                "sourceUri", f"it lies where outputs go, {spec.output_path}/{spec.content_id}/; part the two."
            )
            found.settle()
        return NewAsset(
            id=body.id,
            fingerprint=fingerprint(request),
            request=request,
            groups=sorted({one.group.name for one in chosen}),
            urls=self._urls(spec, place[0], chosen),
            retention=retention,
            job=jobs.NewJob(
                spec=spec,
                request=request,
                dialect="pri",
                priority=body.priority,
                drm=spec.protected,
                warnings=tuple(found.warnings),
            ),
        )

    def _source(self, uri: str) -> tuple[Storage, str] | None:
        place = read_uri(uri, "sourceUri", self._endpoint, self._found)
        if place is None:
            return None
        key = asset_key(place, "sourceUri", self._found)
        storage = self._storage(place.bucket, "input", "sourceUri")
        return None if storage is None else (storage, key)

    def _destination(self, request: dict[str, Any], chosen: Sequence[Chosen]) -> tuple[Storage, str] | None:
        """Storage and folder of the outputs: as the request says, else as all of its groups do."""
        wanted = destination(request)
        if wanted is None:
            return self._groups_destination(chosen)
        at = f"metadata.{DESTINATION}"
        place = read_uri(str(wanted), at, self._endpoint, self._found)
        if place is None:
            return None
        storage = self._storage(place.bucket, "output", at)
        return None if storage is None else (storage, folder(place))

    def _groups_destination(self, chosen: Sequence[Chosen]) -> tuple[Storage, str] | None:
        groups = {one.group.name: one.group for one in chosen}
        places = {(group.storage_id, group.path) for group in groups.values()}
        if len(places) > 1:
            names = " and ".join(groups)
            detail = f"packaging groups {names} lead to different places; send '{DESTINATION}' in 'metadata'."
            self._found.invalid("packagingInfo", detail)
            return None
        for storage_id, path in places:
            if storage_id is None:
                why = f"Packaging group {next(iter(groups))} has no storage of its own to publish to."
                self._found.missing(f"metadata.{DESTINATION}", why)
                return None
            try:
                return storages.get(self._s, self._site_id, storage_id), path
            except TelecineError:
                detail = f"the storage of packaging group {next(iter(groups))} is no longer registered."
                self._found.invalid("packagingInfo", detail)
        return None

    def _storage(self, bucket: str, io_type: str, at: str) -> Storage | None:
        storage = storages.of_bucket(self._s, self._site_id, bucket, io_type)
        if storage is None:
            self._found.invalid(at, f"the site has no {io_type} storage for bucket {bucket[:80]!r}; {_REGISTER}.")
        return storage

    def _retention(self, chosen: Sequence[Chosen]) -> timedelta | None:
        """How long the outputs stay. They go together, so the groups of one request must agree."""
        groups = {one.group.name: one.group for one in chosen}
        kept = {group.retention for group in groups.values()}
        if len(kept) > 1:
            detail = f"packaging groups {' and '.join(groups)} keep outputs for different times; one asset has one."
            self._found.invalid("packagingInfo", detail)
        return next(iter(kept), None)

    def _urls(self, spec: JobSpec, storage: Storage, chosen: Sequence[Chosen]) -> dict[str, str]:
        """Where viewers will find each main manifest, by its name."""
        own = {one.tree.folder: one.group.public_url for one in chosen if one.group.storage_id == storage.storage_id}
        general = self._services.stores.address(storage.aws_bucket, storage.region)
        general = general or f"{self._services.settings.base_url}/files/{storage.aws_bucket}"
        prefix = f"{spec.output_path}/{spec.content_id}".lstrip("/")
        urls = {}
        for name, path in manifests([one.tree for one in chosen]).items():
            base = own.get(path.partition("/")[0]) or general
            urls[name] = f"{base}/{quote(f'{prefix}/{path}', safe='/~')}"
        return urls


def _group(row: PackagingGroup) -> Group:
    return Group(
        name=row.name,
        formats=tuple(Format(name) for name in row.formats),
        segment_seconds=row.segment_seconds,
        protection=packaging_groups.protection_of(row),
        storage_id=row.storage_id,
        path=row.path,
        public_url=row.public_url,
        retention=packaging_groups.retention_of(row),
    )


def _overlap(spec: JobSpec) -> bool:
    """Whether the asset lies in a folder that is published to, or may reach into one: it would be removed as stale."""
    prefix = f"{spec.output_path}/{spec.content_id}".lstrip("/")
    made = [f"{prefix}/{folder}/" for folder in (THUMBNAILS, *(target.folder for target in spec.targets))]
    reaches = spec.asset.lower().endswith(("/", ".m3u8", ".mpd"))
    around = spec.asset[: spec.asset.rfind("/") + 1]
    return any(spec.asset.startswith(folder) or (reaches and folder.startswith(around)) for folder in made)


def _spec(
    body: AssetRequest, source: tuple[Storage, str], place: tuple[Storage, str], chosen: Sequence[Chosen]
) -> JobSpec:
    return JobSpec(
        name=body.name or body.id,
        content_id=content_folder(body.id),
        input_storage=source[0].storage_id,
        asset=source[1],
        output_storage=place[0].storage_id,
        output_path=place[1],
        packaging=Packaging(formats=tuple(dict.fromkeys(one.tree.format for one in chosen))),
        targets=tuple(one.target for one in chosen),
    )
