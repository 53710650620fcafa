"""Decides what a packaged asset is made into: one tree for each format that its packaging info leads to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from telecine.apis.findings import Findings
from telecine.apis.pri.schema import DrmEntry, PackagingInfo
from telecine.core.job import Format, Protection, Target
from telecine.core.layout import MASTER, MPD

_FORMAT = re.compile(r"(HLS|DASH|CMAF)((?:_[A-Z0-9]+)*)", re.IGNORECASE | re.ASCII)
_PLACE = 80


@dataclass(frozen=True, slots=True)
class Group:
    """A packaging group of the site; see `catalog.packaging_groups.GroupValues` for the values."""

    name: str
    formats: tuple[Format, ...]
    segment_seconds: float | None = None
    protection: Protection | None = None
    storage_id: str | None = None
    path: str = ""
    public_url: str = ""
    retention: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """A format as clients name it: `HLS_2` is HLS in a tree of its own."""

    format: Format
    suffix: str = ""
    """With its underscore, in upper case; empty where there is none."""

    @property
    def folder(self) -> str:
        """The tree's folder below the asset's."""
        return f"{self.format.value}{self.suffix}".lower()


@dataclass(frozen=True, slots=True)
class Chosen:
    """One tree to make, and the group that says how."""

    tree: Tree
    group: Group
    target: Target


def choose(
    info: Sequence[PackagingInfo] | None,
    drm: Sequence[DrmEntry] | None,
    groups: Mapping[str, Group],
    found: Findings,
) -> list[Chosen]:
    """Every tree to make, in the order of `info`. Faults name their place in the request."""
    chosen: list[Chosen] = []
    keys = _Keys(drm or (), found)
    for tree, group in _trees(_entries(info, groups, found), found):
        protection = keys.protection(tree, group, found)
        target = Target(
            format=tree.format,
            folder=tree.folder,
            segment_seconds=group.segment_seconds,
            protection=protection,
        )
        chosen.append(Chosen(tree, group, target))
    keys.note_unused(chosen, found)
    return chosen


def read_format(text: str) -> Tree | None:
    """The tree that a client's `packagingFormat` names, in any case; None for another format than ours."""
    match = _FORMAT.fullmatch(text.strip())
    return Tree(Format(match[1].lower()), match[2].upper()) if match and len(text) <= _PLACE else None


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the packaging info; `tree` is None where it is for all formats without one of their own."""

    at: str
    tree: Tree | None
    group: Group


def _entries(info: Sequence[PackagingInfo] | None, groups: Mapping[str, Group], found: Findings) -> list[_Entry]:
    if not info:
        if len(groups) == 1:
            return [_Entry("packagingInfo", None, *groups.values())]
        found.missing("packagingInfo", f"Only a site with one packaging group can do without; this has {len(groups)}.")
        return []
    entries = []
    for place, entry in enumerate(info):
        at = f"packagingInfo[{place}]"
        tree = read_format(entry.packagingFormat) if entry.packagingFormat else None
        if entry.packagingFormat and tree is None:
            found.invalid(f"{at}.packagingFormat", "it takes HLS, DASH or CMAF, each with a suffix such as HLS_2.")
        elif entry.packagingGroupId not in groups:
            known = ", ".join(groups) or "none yet"
            detail = f"the site has no such packaging group, but {known}. See 'telecine packaging-group'."
            found.invalid(f"{at}.packagingGroupId", detail)
        else:
            entries.append(_Entry(at, tree, groups[entry.packagingGroupId]))
    return entries


def _trees(entries: Sequence[_Entry], found: Findings) -> list[tuple[Tree, Group]]:
    """The trees of all entries; an entry without a format stands for those of its group that no other one names."""
    named = {entry.tree.folder for entry in entries if entry.tree}
    rest = [entry for entry in entries if entry.tree is None]
    for entry in rest[1:]:
        found.invalid(f"{entry.at}.packagingFormat", "only one entry can be for all other formats.")
    trees: dict[str, tuple[Tree, Group]] = {}
    for entry in entries:
        if entry.tree is None:
            others = [Tree(kind) for kind in entry.group.formats if kind.value not in named]
            trees |= {tree.folder: (tree, entry.group) for tree in others}
        elif entry.tree.folder in trees:
            found.invalid(f"{entry.at}.packagingFormat", "another entry is for the same format.")
        elif entry.tree.format not in entry.group.formats:
            known = ", ".join(kind.value.upper() for kind in entry.group.formats)
            detail = f"packaging group {entry.group.name} has {known} only."
            found.invalid(f"{entry.at}.packagingFormat", detail)
        else:
            trees[entry.tree.folder] = (entry.tree, entry.group)
    return list(trees.values())


class _Keys:
    """Which content keys each tree is encrypted with."""

    def __init__(self, drm: Sequence[DrmEntry], found: Findings) -> None:
        self._by_name: dict[str, str] = {}
        for place, entry in enumerate(drm):
            name = (entry.packagingFormat or "").strip().lower()
            if name in self._by_name:
                what = "the same format" if name else "all other formats"
                found.invalid(f"drm[{place}].packagingFormat", f"another entry is for {what}.")
            self._by_name[name] = entry.drmId

    def protection(self, tree: Tree, group: Group, found: Findings) -> Protection | None:
        """How the tree is encrypted: as its group says, with the keys that the request says.

        Who asks for protection gets it, also of a group that says nothing of it: nothing is published in the clear
        by mistake.
        """
        key_id = self._by_name.get(tree.folder) or self._by_name.get("")
        if key_id is None:
            return group.protection
        if group.protection is None:
            found.warn(
                f"Packaging group {group.name} sets no encryption; {tree.folder} is encrypted by default options."
            )
        return (group.protection or Protection()).model_copy(update={"key_id": key_id})

    def note_unused(self, chosen: Sequence[Chosen], found: Findings) -> None:
        """Say of entries for formats that are not made that they have no effect: clients name those of live streams."""
        made = {one.tree.folder for one in chosen}
        for name in self._by_name:
            if name and name not in made:
                found.warn(f"'drm' names the format {name[:_PLACE]!r}, which is not asked for; it has no effect.")


def manifests(trees: Sequence[Tree]) -> dict[str, str]:
    """The main manifests of all trees, `folder/name`, by what they are to a viewer: `HLS`, `DASH`, `HLS_2`, ….

    A CMAF tree is both; where a tree of that name exists already, its are called `CMAF_HLS` and `CMAF_DASH`.
    """
    taken = {f"{tree.format.value.upper()}{tree.suffix}" for tree in trees if tree.format is not Format.CMAF}
    found: dict[str, str] = {}
    for tree in trees:
        for kind, file in (("DASH", MPD), ("HLS", MASTER)):
            name = f"{kind}{tree.suffix}"
            if tree.format is Format.CMAF:
                found[f"CMAF{tree.suffix}_{kind}" if name in taken else name] = f"{tree.folder}/{file}"
            elif tree.format.value.upper() == kind:
                found[name] = f"{tree.folder}/{file}"
    return found
