"""Where, in a marked title, the file lies that a viewer asks for, and which of its two variants is under which key."""

from collections.abc import Iterable
from dataclasses import dataclass

from telecine.core.job import Format, MarkLayout
from telecine.core.layout import PACE_INFO, PACE_INFO_SIDECAR, THUMBNAILS, VARIANT_FOLDERS, second_variant
from telecine.edge.names import Kind, read_name
from telecine.edge.refusal import Outcome, Refused


@dataclass(frozen=True, slots=True)
class Title:
    """What an edge must know of a marked title. `output_path` has no slash at either end, and may be empty.

    `formats`: the folders of its trees. `version` changes whenever the title is published again.
    """

    content_id: str
    layout: MarkLayout
    formats: frozenset[str]
    output_storage: str
    output_path: str
    version: str

    @property
    def folder(self) -> tuple[str, ...]:
        """The folder of everything, in its storage."""
        return (*filter(None, self.output_path.split("/")), self.content_id)


@dataclass(frozen=True, slots=True)
class Place:
    """A file of a title. `parts` are those of its path below the folder of a variant, or else of the content.

    `number` is that of a segment with variants and `first` that of the programme's first one.
    """

    title: Title
    parts: tuple[str, ...]
    kind: Kind
    number: int = -1
    first: int = 0

    @property
    def position(self) -> int:
        """The segment's position in the programme, counted from 0, as its name says it."""
        return self.number - self.first

    def key(self, variant: int) -> str:
        """The key of variant 0 or 1 in the title's storage. What has no variants is as variant 0."""
        prefixed = self.title.layout is MarkLayout.PREFIXED
        folder = (VARIANT_FOLDERS[variant],) if prefixed else ()
        key = "/".join((*self.title.folder, *folder, *self.parts))
        return second_variant(key) if variant and not prefixed else key

    def sidecar(self) -> str:
        """The key of the file that tells the positions of the segments beside this one."""
        folder = self.key(0).rpartition("/")[0]
        return f"{folder}/{PACE_INFO}/{PACE_INFO_SIDECAR}"


def candidates(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The content ids that a path can be about."""
    return tuple(dict.fromkeys(parts[:-1]))


def find_place(parts: tuple[str, ...], titles: Iterable[Title]) -> Place:
    """The file that `parts` (output path, content id and what is below) names in one of `titles`.

    Raises Refused for what is not published and for what viewers may not ask for.
    """
    matching = [(depth, title) for title in titles for depth in range(1, len(parts)) if _is_in(title, parts[:depth])]
    if not matching:
        raise Refused(Outcome.MISSING, "There is no such title.")
    # Of two titles of which one lies in the other's folder, the inner one is meant.
    depth, title = max(matching, key=lambda one: one[0])
    return _inside(title, parts[depth:])


def _is_in(title: Title, folder: tuple[str, ...]) -> bool:
    """Whether `folder` is the title's own, as an address says it: whole, or without its beginning.

    Addresses are issued without the beginning of the output path where a CDN has that in its origin's path.
    """
    return folder == title.folder or (len(folder) > 1 and title.folder[-len(folder) :] == folder)


def _inside(title: Title, below: tuple[str, ...]) -> Place:
    if title.layout is MarkLayout.PREFIXED and below[:1] == VARIANT_FOLDERS[:1]:
        below = below[1:]  # in which manifests are found with it and, as embedders have it, without
    if len(below) < 2:
        raise Refused(Outcome.MISSING, "There is no such file.")
    named = read_name(below)
    if named.kind is Kind.HIDDEN:
        raise Refused(Outcome.HIDDEN, "This file is not for viewers.")
    if named.kind is Kind.UNKNOWN or below[0] not in title.formats | {THUMBNAILS}:
        raise Refused(Outcome.MISSING, "There is no such file.")
    place = Place(title, below, named.kind, named.number, first_number(below[0]))
    if named.kind is Kind.SEGMENT and (place.position < 0 or below[0] == THUMBNAILS):
        raise Refused(Outcome.MISSING, "There is no such file.")
    return place


def first_number(tree: str) -> int:
    """The number of the first segment in a marked tree, which is called after its format (see `core.layout`)."""
    return 1 if tree == Format.HLS else 0
