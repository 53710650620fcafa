"""A marked publication as viewers get it: which file answers to which name for whoever gets this or that variant.

A view is a folder of symbolic links with the names of an ordinary tree, so that everything that is asked of a tree can
be asked of it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from telecine.core.job import MarkLayout
from telecine.core.layout import PACE_INFO, UNLISTED, VARIANT_FOLDERS, second_variant
from telecine.core.plan import Plan

_MANIFESTS = (".mpd", ".m3u8")


@dataclass(frozen=True)
class MarkedFiles:
    """The files below `root`; every value of a map is a name relative to it, every key the name by which viewers ask.

    `first` are those of somebody who always gets variant 0. `second` are variant 1's that lie elsewhere. `pace` are the
    files that tell edges the positions of segments, and `outside` those that belong to no variant.
    """

    root: Path
    layout: MarkLayout
    first: Mapping[str, str]
    second: Mapping[str, str]
    pace: Mapping[str, str] = field(default_factory=dict)
    outside: tuple[str, ...] = ()

    def chosen(self, pictures: Iterable[str], variant_of: Callable[[int], int]) -> dict[str, str]:
        """What somebody gets who is given variant `variant_of(position)` of each segment. `pictures` are the names of
        the segments of one rendition, by position; a name without a file is left out.
        """
        found: dict[str, str] = {}
        for position, name in enumerate(pictures):
            file = (self.second if variant_of(position) else self.first).get(name)
            if file:
                found[name] = file
        return found

    def twin(self, name: str) -> Path | None:
        """Where variant 1 of a segment is, by the name by which viewers ask."""
        file = self.second.get(name)
        return self.root / file if file else None

    def expected_twin(self, name: str) -> str:
        """Where variant 1 of a segment should be."""
        return second_variant(name) if self.layout is MarkLayout.UNLABELED else f"{VARIANT_FOLDERS[1]}/{name}"

    def published(self, name: str, view: Mapping[str, str]) -> str:
        """The name under which a file or folder of a view is published."""
        if name in view:
            return view[name]
        folder = "" if self.layout is MarkLayout.UNLABELED else f"{VARIANT_FOLDERS[0]}/"
        return f"{folder}{name}"


def read_marked(root: Path, plan: Plan | None) -> MarkedFiles | None:
    """The files below `root` where it holds a marked publication, or the plan says that it should; else None."""
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    layout = plan.marking.layout if plan and plan.marking else None
    if layout is MarkLayout.PREFIXED or (plan is None and _has_both_trees(names)):
        return _prefixed(root, names)
    if layout is MarkLayout.UNLABELED or (plan is None and any(_is_unlisted(name) for name in names)):
        return _unlabeled(root, names)
    return None


def link(files: MarkedFiles, view: Mapping[str, str], folder: Path) -> Path:
    """Make the folder of a view, and return it."""
    root = files.root.resolve()
    for name, file in view.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(root / file)
    folder.mkdir(exist_ok=True)
    return folder


def _prefixed(root: Path, names: Iterable[str]) -> MarkedFiles:
    found: tuple[dict[str, str], dict[str, str]] = {}, {}
    outside: list[str] = []
    for name in names:
        variant, _, rest = name.partition("/")
        if variant in VARIANT_FOLDERS and rest:
            found[int(variant)][rest] = name
        else:
            outside.append(name)
    pace = {name: file for name, file in found[0].items() if _is_pace_info(name)}
    first = {name: file for name, file in found[0].items() if name not in pace}
    return MarkedFiles(root, MarkLayout.PREFIXED, first, found[1], pace, tuple(outside))


def _unlabeled(root: Path, names: Iterable[str]) -> MarkedFiles:
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    pace: dict[str, str] = {}
    for name in names:
        if _is_pace_info(name):
            pace[name] = name
        elif _is_unlisted(name):
            path = PurePosixPath(name)
            second[str(path.with_name(path.name.removeprefix(UNLISTED)))] = name
        else:
            first[name] = name
    return MarkedFiles(root, MarkLayout.UNLABELED, first, second, pace)


def _has_both_trees(names: Iterable[str]) -> bool:
    with_manifest = {name.partition("/")[0] for name in names if name.endswith(_MANIFESTS)}
    return with_manifest.issuperset(VARIANT_FOLDERS)


def _is_pace_info(name: str) -> bool:
    return PurePosixPath(name).parent.name == PACE_INFO


def _is_unlisted(name: str) -> bool:
    stem = PurePosixPath(name).name
    return stem.startswith(UNLISTED) and len(stem) > len(UNLISTED)
