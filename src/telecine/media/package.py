"""Encoded tracks → the trees that are published: one run of the packager per tree, its manifests mended, one rename.

A tree that is there under its final name is finished; whatever a crash left is under a temporary name and is made
anew. The packager runs in the sandbox, in the job's work folder, and sees only names of ours.
"""

import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Event, Lock

from telecine.core.drm import ContentKey, Label
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import SubtitleFormat
from telecine.core.layout import (
    MASTER,
    MPD,
    NUMBER,
    TrackFiles,
    has_master,
    has_mpd,
    second_variant,
    track_files,
)
from telecine.core.plan import Plan, SubtitleOutput, TreeOutput, TreeProtection, variant_track
from telecine.core.progress import Tick
from telecine.core.watermark.pattern import VARIANTS
from telecine.media import mend, subtitles
from telecine.media.bandwidth import rate_of, variant_rate
from telecine.media.context import Context
from telecine.media.package_args import key_flags, packager_arguments
from telecine.media.package_marked import add_second_variant, is_placed, place, spread, write_pace_info
from telecine.media.protect import ProtectedDraft, rewrite
from telecine.media.read_hls import read_hls
from telecine.media.read_mpd import read_mpd
from telecine.media.sandbox import run
from telecine.media.side_by_side import side_by_side, stoppable
from telecine.media.workspace import Workspace, write_finished

TREES_AT_ONCE = 2
"""More would wait for the same disk. On a server they share the one slot of their step: a packager computes little."""

_LOOK_SECONDS = 1.0
"""Between two looks at how far the packager is: each look counts the files that it has written."""


type Keys = Callable[[TreeProtection], Mapping[Label, ContentKey]]
"""Asked for the keys of an encrypted tree, the same ones on every retry."""


def no_keys(protection: TreeProtection) -> Mapping[Label, ContentKey]:
    """The `Keys` of whoever has none."""
    raise TelecineError(ErrorKind.KEYS_REFUSED, f"nobody gave any for '{protection.key_id}'.")


def package(plan: Plan, workspace: Workspace, context: Context, keys: Keys = no_keys) -> None:
    """Make every tree of the plan under `workspace.tree`, two at a time; trees that are finished are left alone.

    Reports bytes of encoded media, counted once per tree. Raises PACKAGE_FAILED, SUBTITLE_INVALID, and what `keys` and
    the sandbox raise.
    """
    whole = sum(path.stat().st_size for path in _encoded(plan, workspace))
    progress = _Progress(whole, [0] * len(plan.trees))
    workspace.tree.mkdir(parents=True, exist_ok=True)
    # Before the first tree, which may take an hour: what a rotation or a key server changes meanwhile is not seen.
    held = [_with_ivs(keys(tree.protection)) if tree.protection else {} for tree in plan.trees]
    stop = Event()
    watched = stoppable(context, stop)
    parts: list[Callable[[], None]] = []
    for position, tree in enumerate(plan.trees):
        report = partial(progress.report, watched, position)
        if is_placed(workspace, plan, tree.folder) or spread(workspace, plan, tree.folder):
            report(progress.whole)
            continue
        draft = _Draft(plan, tree, track_files(plan, tree), _empty_folder(workspace, tree.folder), held[position])
        sources = draft.sources(workspace, context)  # one after the other: trees share files of subtitles
        parts.append(partial(draft.make, sources, workspace, watched, report))
    side_by_side(parts, TREES_AT_ONCE, stop)
    context.report(Tick(progress.total, progress.total))


@dataclass(frozen=True, slots=True)
class _Progress:
    """How many bytes of `whole` each tree has, told as one sum that never falls."""

    whole: int
    done: list[int]
    lock: Lock = field(default_factory=Lock)

    @property
    def total(self) -> int:
        """What all trees together have in the end."""
        return self.whole * len(self.done)

    def report(self, context: Context, position: int, done: int) -> None:
        """Tell that tree `position` has `done` bytes."""
        with self.lock:
            self.done[position] = max(self.done[position], min(done, self.whole))
            context.report(Tick(done=sum(self.done), total=self.total))


def _empty_folder(workspace: Workspace, name: str) -> Path:
    """Where a tree is made: outside `workspace.tree`, in which only finished trees ever stand."""
    folder = workspace.temporary(workspace.root / "package" / name)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _encoded(plan: Plan, workspace: Workspace) -> list[Path]:
    variants = VARIANTS if plan.marking else VARIANTS[:1]
    pictures = [workspace.video(variant_track(video.name, variant)) for video in plan.video for variant in variants]
    return pictures + [workspace.audio(audio.name) for audio in plan.audio]


def _with_ivs(keys: Mapping[Label, ContentKey]) -> dict[Label, ContentKey]:
    """The same keys, each with an IV, which a key server need not have given; playlists of MPEG-TS have to name it."""
    return {label: key if key.iv else replace(key, iv=secrets.token_bytes(16)) for label, key in keys.items()}


@dataclass(frozen=True, slots=True)
class _Draft:
    """One tree while it is made in `folder`."""

    plan: Plan
    tree: TreeOutput
    files: dict[str, TrackFiles]
    folder: Path
    keys: Mapping[Label, ContentKey]

    def make(
        self, sources: dict[str, str], workspace: Workspace, context: Context, report: Callable[[int], None]
    ) -> None:
        """Run the packager on `sources`, mend what it wrote, and give the tree its final name."""
        self._run(sources, self.folder, workspace, context, report)
        if self.plan.marking:
            self._add_second_variant(workspace, context, report)
        self._mend_subtitles()
        if has_master(self.tree):
            self._mend_hls()
        if has_mpd(self.tree):
            self._mend_dash()
        if self.tree.protection:
            ProtectedDraft(self.plan, self.tree, self.tree.protection, self.files, self.folder, self.keys).mend()
        place(workspace, self.plan, self.tree.folder, self.folder)

    def _run(
        self,
        sources: Mapping[str, str],
        folder: Path,
        workspace: Workspace,
        context: Context,
        report: Callable[[int], None],
    ) -> None:
        run(
            [context.tools.packager, *packager_arguments(self.plan, self.tree, sources, workspace.relative(folder))],
            cwd=workspace.root,
            limits=context.limits,
            log=context.log,
            poll=_growth(folder, report, context.poll),
            failure=ErrorKind.PACKAGE_FAILED,
            # The packager repeats a flag that it cannot read.
            secrets=[key.key.hex() for key in self.keys.values()],
            stdin=key_flags(self.keys, self.tree.protection.scheme) if self.tree.protection else "",
        )

    def _add_second_variant(self, workspace: Workspace, context: Context, report: Callable[[int], None]) -> None:
        """Package variant 1 of the picture with the same keys, and take its segments."""
        second = _empty_folder(workspace, f"{self.tree.folder}-b")
        tracks = {video.name: workspace.video(variant_track(video.name, 1)) for video in self.plan.video}
        sources = {name: workspace.relative(path) for name, path in tracks.items()}
        begun = sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())
        self._run(sources, second, workspace, context, lambda done: report(begun + done))
        add_second_variant(self.plan, self.tree, self.files, self.folder, second)
        shutil.rmtree(second)
        write_pace_info(self.plan, self.files, self.folder)

    def _twin(self, name: str) -> Path | None:
        """Where variant 1 of a segment is, if it has one."""
        twin = self.folder / second_variant(name)
        return twin if self.plan.marking and twin.is_file() else None

    def sources(self, workspace: Workspace, context: Context) -> dict[str, str]:
        """Every track's file as the packager's process names it. Subtitles are made ready for it first."""
        paths = {video.name: workspace.video(video.name) for video in self.plan.video}
        paths |= {audio.name: workspace.audio(audio.name) for audio in self.plan.audio}
        for subtitle in self.plan.subtitles:
            paths[subtitle.name] = self._ready(subtitle, workspace, context)
        return {name: workspace.relative(path) for name, path in paths.items()}

    def _ready(self, subtitle: SubtitleOutput, workspace: Workspace, context: Context) -> Path:
        """Write a subtitle track as the packager is to read it, and as one file where the MPD names one."""
        fitted = subtitles.read(workspace.subtitle(subtitle.file), context.limits).fitted(self.plan.duration)
        for warning in fitted.warnings:
            context.log(f"{subtitle.name}: {warning}")
        cues = fitted.cues
        if self.tree.subtitles is SubtitleFormat.MP4_TTML:
            cues = tuple(subtitles.without_markup(cue) for cue in cues)
        ready = workspace.root / "package" / f"{subtitle.name}.{self.tree.subtitles.value}.vtt"
        write_finished(workspace, ready, subtitles.to_vtt(cues, pad_to=self.plan.duration).encode())
        sidecar = self.files[subtitle.name].sidecar
        if sidecar:
            (self.folder / sidecar).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / sidecar).write_text(subtitles.to_vtt(cues), encoding="utf-8")
        return ready

    def _mend_subtitles(self) -> None:
        for subtitle in self.plan.subtitles:
            files = self.files[subtitle.name]
            if files.playlist:
                rewrite(
                    self.folder / files.playlist, lambda text: mend.mend_subtitle_playlist(text, self.plan.duration)
                )
            if files.segments.endswith(".vtt"):
                for segment in (self.folder / files.folder).glob(Path(files.segments).name.replace(NUMBER, "*")):
                    rewrite(segment, mend.mend_vtt_segment)

    def _mend_hls(self) -> None:
        master = read_hls(self.folder, MASTER)
        rates = {track.name: rate_of(self.folder, track, self._twin) for track in master.tracks}
        variants = {
            (variant.playlist, variant.audio): variant_rate(master, variant, rates) for variant in master.variants
        }
        iframes = {track.name: rate_of(self.folder, track) for track in master.iframes}
        rewrite(self.folder / MASTER, lambda text: mend.mend_master(text, self.plan, self.files, variants, iframes))

    def _mend_dash(self) -> None:
        measured = {
            track.segments[0].piece.path: rate_of(self.folder, track, self._twin)
            for track in read_mpd(self.folder, MPD).tracks
        }
        rates = {name: measured[files.at(0)] for name, files in self.files.items() if files.at(0) in measured}
        sidecars = {
            name: (self.folder / files.sidecar).stat().st_size for name, files in self.files.items() if files.sidecar
        }
        rewrite(self.folder / MPD, lambda text: mend.mend_mpd(text, self.plan, self.files, rates, sidecars))


def _growth(folder: Path, report: Callable[[int], None], ask: Callable[[], None]) -> Callable[[], bool]:
    """A `poll` for the sandbox that reports how many bytes there are in `folder`; True where they became more.

    `ask` is called every time and may raise `Cancelled`.
    """
    seen, due = 0, 0.0

    def poll() -> bool:
        nonlocal seen, due
        ask()
        now = time.monotonic()
        if now < due:
            return False
        due = now + _LOOK_SECONDS
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        grown, seen = size > seen, size
        report(size)
        return grown

    return poll
