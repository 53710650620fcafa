"""Variant 1 of a marked tree: made by a run of the packager of its own, of which nothing is kept but its segments.

Everything else there is once: sound, text, manifests and init segments, which are right for both variants because
they are compared here. A tree is first made with both variants in it and given its name; where each variant has a tree
of its own, those are made of it by hard links, so that a crash in between leaves nothing that does not fit together.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import PaceInfoFiles
from telecine.core.layout import (
    MASTER,
    MPD,
    PACE_INFO,
    PACE_INFO_SIDECAR,
    UNLISTED,
    VARIANT_FOLDERS,
    TrackFiles,
    has_master,
    has_mpd,
    published_folders,
    second_variant,
)
from telecine.core.plan import Plan, TreeOutput
from telecine.core.watermark.pace_info import egress_sidecar, rendition_sidecar
from telecine.media.manifests import Manifest, Segment
from telecine.media.read_hls import read_hls
from telecine.media.read_mpd import read_mpd
from telecine.media.workspace import Workspace, finish


def add_second_variant(
    plan: Plan, tree: TreeOutput, files: Mapping[str, TrackFiles], folder: Path, second: Path
) -> None:
    """Put the segments of the tree `second`, which has variant 1's pictures alone, beside variant 0's in `folder`.

    Both are as the packager left them. Raises PACKAGE_FAILED where one set of init segments and manifests is not right
    for both.
    """
    pictures = [files[video.name] for video in plan.video]
    for track in pictures:
        if track.init and (folder / track.init).read_bytes() != (second / track.init).read_bytes():
            raise _differ(f"{track.init} is not the same for both variants.")
    found: set[str] = set()
    for name in ([MPD] if has_mpd(tree) else []) + ([MASTER] if has_master(tree) else []):
        mine, theirs = (_pictures(read_mpd(at, name) if name == MPD else read_hls(at, name)) for at in (folder, second))
        if mine != theirs:
            raise _differ(f"{name} names other segments or times for the one than for the other.")
        found |= {segment.piece.path for segments in mine for segment in segments}
    for segment in found:
        (second / segment).replace(folder / second_variant(segment))


def write_pace_info(plan: Plan, files: Mapping[str, TrackFiles], folder: Path) -> None:
    """Write the files that tell a third party's edge the position of every video segment in the tree `folder`."""
    wanted = plan.marking.pace_info if plan.marking else PaceInfoFiles.NONE
    if wanted is PaceInfoFiles.NONE:
        return
    for track in (files[video.name] for video in plan.video):
        names = [Path(track.at(position)).name for position in range(_count(folder, track))]
        beside = folder / track.folder / PACE_INFO
        beside.mkdir()
        (beside / PACE_INFO_SIDECAR).write_bytes(rendition_sidecar(names))
        if wanted is PaceInfoFiles.SEGMENTS:
            for position, name in enumerate(names):
                (beside / name).write_bytes(egress_sidecar(position))


def place(workspace: Workspace, plan: Plan, folder: str, made: Path) -> None:
    """Give what was made in the folder `made` its final name or, where each variant has a tree of its own, names.

    `folder` is what the plan calls it; see `is_placed`.
    """
    finals = [workspace.tree / name for name in published_folders(plan, folder)]
    if len(finals) == 1:
        finish(made, finals[0])
        return
    both = workspace.both_variants / folder
    both.parent.mkdir(parents=True, exist_ok=True)
    finish(made, both)
    spread(workspace, plan, folder)


def spread(workspace: Workspace, plan: Plan, folder: str) -> bool:
    """Make the trees of one variant each, where the tree of both is there; False where it is not."""
    both = workspace.both_variants / folder
    if not both.is_dir():
        return False
    for variant, name in zip(VARIANT_FOLDERS, published_folders(plan, folder), strict=True):
        final = workspace.tree / name
        if not final.is_dir():
            draft = workspace.temporary(workspace.root / "package" / f"{folder}-{variant}")
            shutil.rmtree(draft, ignore_errors=True)
            for source, target in _of_variant(both, int(variant)):
                (draft / target).parent.mkdir(parents=True, exist_ok=True)
                _link(source, draft / target)
            final.parent.mkdir(parents=True, exist_ok=True)
            finish(draft, final)
    return True


def is_placed(workspace: Workspace, plan: Plan, folder: str) -> bool:
    """Whether a tree (or the thumbnails) that the plan calls `folder` is finished under all its names."""
    return all((workspace.tree / name).is_dir() for name in published_folders(plan, folder))


def _pictures(manifest: Manifest) -> list[tuple[Segment, ...]]:
    return sorted((track.segments for track in manifest.of_kind("video")), key=lambda found: found[0].piece.path)


def _count(folder: Path, track: TrackFiles) -> int:
    """How many segments a finished track has."""
    number = 0
    while (folder / track.at(number)).is_file():
        number += 1
    return number


def _of_variant(both: Path, variant: int) -> Iterator[tuple[Path, str]]:
    """Every file of the tree of one variant, and its name there."""
    for path in sorted(both.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(both).as_posix()
        if path.name.startswith(UNLISTED):
            if variant:
                yield path, path.with_name(path.name.removeprefix(UNLISTED)).relative_to(both).as_posix()
        elif not variant or not (both / second_variant(name)).is_file():
            yield path, name


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)


def _differ(what: str) -> TelecineError:
    return TelecineError(ErrorKind.PACKAGE_FAILED, f"The two variants of the picture do not fit together: {what}")
