"""Marked and encrypted titles that the real engine makes, an edge over them, and what it served to whom.

`Gate.watched` gives the media that a viewer of a session has got, decrypted: what he could leak.
"""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.clips import tools
from tests.play.studio import SITE, Studio
from tests.play.trees import FAST, request, source
from tests.servers import free_port

from telecine.apis.app import server_config
from telecine.apis.packaging.addresses import session_url
from telecine.apis.tnp.mapping import translate_job
from telecine.apis.tnp.schema_job import JobRequest
from telecine.catalog import jobs, marked_titles, marks, session_opening, storages
from telecine.catalog.mark_models import MarkSession
from telecine.catalog.session_opening import NewSession
from telecine.core.drm import Label
from telecine.core.job import MarkLayout
from telecine.core.limits import MediaLimits, Policy
from telecine.core.plan import Plan
from telecine.core.watermark.bias import Family
from telecine.core.watermark.delivery_format import DeliveryFormat
from telecine.core.watermark.pattern import derive_mark_key
from telecine.core.watermark.policy import MarkingPolicy, SessionCode
from telecine.core.watermark.sequence import bit, derive_key
from telecine.core.watermark.tokens import TokenForm
from telecine.edge.names import Kind, read_name
from telecine.edge.open import create_app
from telecine.jobs import references
from telecine.jobs.here import Engines, Stores
from telecine.jobs.transcode_here import run_all
from telecine.keys.ring import KeyRing
from telecine.media.workspace import Workspace
from telecine.storage.folder import FolderStore, create_bucket

PREFIX = "wm-contents"
BUCKET = "marked"


@dataclass(frozen=True)
class Picture:
    """What a title is made of. `source` gives a film with the audio tracks of the test clip."""

    source: Callable[[], Path] = source
    heights: tuple[int, ...] = (360, 180)
    policy: Policy = FAST


TEST_CLIP = Picture()


@dataclass(frozen=True)
class MarkedTitle:
    """A title that was published. `folder` is where its files lie on this machine."""

    content: str
    layout: MarkLayout
    plan: Plan
    folder: Path


@dataclass(frozen=True)
class Viewer:
    """A session with its address."""

    row: MarkSession
    token: str
    url: str
    title: MarkedTitle
    variant: Callable[[int], int]
    """The variant of each position, worked out apart from the edge."""


@dataclass
class Served:
    """What one viewer got: the body of every whole answer, by its path below the content's folder, in order."""

    bodies: dict[str, bytes] = field(default_factory=dict)

    def segments(self) -> dict[str, bytes]:
        """Those that have variants."""
        named = {path: read_name(tuple(path.split("/"))) for path in self.bodies}
        return {path: self.bodies[path] for path, name in named.items() if name.kind is Kind.SEGMENT}


class _Recorder:
    """ASGI middleware that keeps whole answers, by the path that was asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.answers: list[tuple[str, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, body = 0, b""

        async def watched(message: Message) -> None:
            nonlocal status, body
            if message["type"] == "http.response.start":
                status = message["status"]
            if message["type"] == "http.response.body":
                body += message.get("body", b"")
                if not message.get("more_body") and status == 200:
                    self.answers.append((scope["path"], body))
            await send(message)

        await self._app(scope, receive, watched)


@dataclass
class Gate:
    """An edge at `base`, over the studio's site."""

    studio: Studio
    base: str
    recorder: _Recorder
    _titles: dict[str, MarkedTitle] = field(default_factory=dict)

    def title(
        self,
        content: str,
        layout: str,
        formats: Sequence[str],
        drm: dict[str, Any] | None,
        picture: Picture = TEST_CLIP,
    ) -> MarkedTitle:
        """A marked title of `picture`, made once for the whole session."""
        if content not in self._titles:
            self._titles[content] = _publish(self.studio, content, MarkLayout(layout), formats, drm, picture)
        return self._titles[content]

    def viewer(self, title: MarkedTitle, streaming_format: str, code: SessionCode, form: TokenForm) -> Viewer:
        """A new session for somebody, as the session API opens it."""
        services = self.studio.services
        asked = NewSession(title.content, streaming_format, "someone", form, code)
        with services.database.write() as s:
            opened = session_opening.open_session(s, services.sealer, SITE, asked, datetime.now(UTC))
            secret = marks.secret(s, services.sealer, SITE)
        place = (opened.title.output_path, title.content, opened.tree)
        address = session_url(self.base, PREFIX, opened.token, place, streaming_format)
        return Viewer(opened.row, opened.token, address, title, _variants(opened.row, secret))

    def served(self, viewer: Viewer) -> Served:
        """What the viewer's player has got until now."""
        before = f"/{PREFIX}/{viewer.token}/{viewer.title.content}/"
        found = [(path, body) for path, body in list(self.recorder.answers) if path.startswith(before)]
        return Served({path.removeprefix(before): body for path, body in found})

    def key(self, title: MarkedTitle, tree: str) -> bytes:
        """The content key of a title's tree, which has one; empty where it is not encrypted."""
        (protection,) = (one.protection for one in title.plan.trees if one.folder == tree)
        if protection is None:
            return b""
        services = self.studio.services
        ring = KeyRing(services.database, services.sealer, SITE)
        return ring.keys_for(title.content, [Label.ALL], protection.scheme)[Label.ALL].key

    def watched(self, viewer: Viewer, rendition: str, folder: Path) -> Path:
        """The viewer's segments of one rendition (`dash/video/avc1/1`), joined in order and decrypted, as one MP4."""
        bodies = self.served(viewer).bodies
        segments = {path: body for path, body in self.served(viewer).segments().items() if path.startswith(rendition)}
        order = sorted(segments, key=lambda path: read_name(tuple(path.split("/"))).number)
        joined = folder / "joined.mp4"
        joined.write_bytes(bodies[f"{rendition}/init.mp4"] + b"".join(segments[path] for path in order))
        clear = folder / "clear.mp4"
        key = self.key(viewer.title, rendition.partition("/")[0])
        opening = ["-decryption_key", key.hex()] if key else []
        command = [tools().ffmpeg, "-v", "error", "-y", *opening, "-i", joined, "-c", "copy", "-map", "0:v", clear]
        subprocess.run([str(part) for part in command], check=True, timeout=120)
        return clear


@contextmanager
def edge_of(studio: Studio) -> Iterator[Gate]:
    """An edge over everything that is published in the studio, on a port of its own."""
    port = free_port()
    settings = studio.services.settings.model_copy(update={"port": port})
    recorder = _Recorder(create_app(settings, SITE))
    server = uvicorn.Server(server_config(recorder, settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield Gate(studio, f"http://127.0.0.1:{port}", recorder)
    server.should_exit = True
    thread.join(10)


def _publish(
    studio: Studio,
    content: str,
    layout: MarkLayout,
    formats: Sequence[str],
    drm: dict[str, Any] | None,
    picture: Picture,
) -> MarkedTitle:
    """Run a marked job over the picture, and write down and keep what a worker would."""
    services = studio.services
    inputs = create_bucket(services.settings.buckets, f"clips-{content}")
    shutil.copy(picture.source(), inputs / "clip.mp4")
    sent = request(formats, {}, picture.heights)
    sent["content_id"] = content
    del sent["input"]["subtitles"]
    sent["output"]["forensic_watermarking"] = {"enabled": True}
    if drm is not None:
        sent["output"]["drm"] = {"enabled": True, "option": drm}
    output = create_bucket(services.settings.buckets, BUCKET)
    with services.database.write() as s:
        for side, bucket in (("input", inputs.name), ("output", BUCKET)):
            values = storages.StorageValues(bucket, bucket, side, "RG011", "key", "secret")
            sent[side]["storage_id"] = storages.create(s, services.sealer, SITE, values).storage_id
        mark_key = derive_mark_key(marks.secret(s, services.sealer, SITE), SITE, content)
    chosen = MarkingPolicy(layout=layout, shortest_seconds=5, narrowest=320)
    spec = translate_job(JobRequest.model_validate(sent), sent, picture.policy, chosen).spec
    work = studio.folder / "work" / content
    ring = KeyRing(services.database, services.sealer, SITE)
    by = Engines(tools(), MediaLimits(), picture.policy, lambda *_: None, lambda _: None, slots=1)
    outcome = run_all(spec, Stores(FolderStore(inputs), FolderStore(output)), work, by, ring, mark_key)
    with services.database.write() as s:
        job = jobs.create(s, SITE, jobs.NewJob(spec=spec, request={}, priority=2))
        reference = references.name_of(SITE, content, job.id)
        references.put(services.settings.references, reference, Workspace(work).title_reference)
        marked_titles.published(s, job, spec, outcome.plan, reference)
    return MarkedTitle(content, layout, outcome.plan, output / content)


def _variants(row: MarkSession, secret: bytes) -> Callable[[int], int]:
    if row.code == SessionCode.DELIVERY:
        return lambda position: int(DeliveryFormat().bit(bytes.fromhex(row.payload), position))
    key = derive_key(secret, SITE, row.content_id, Family(row.code))
    return lambda position: int(bit(key, row.session, position))
