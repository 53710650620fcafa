"""Judges marked trees as their viewers get them: variant 0 throughout, variant 1 throughout, and the other one with
each segment. Whatever mixture a viewer gets is made of the same switches.

Beside what is asked of every tree: do the variants agree in everything but their pictures, is variant 1 in no manifest,
and do the files for edges tell the right positions?
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from filecmp import cmp
from fractions import Fraction
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from telecine.core.drm import Label
from telecine.core.job import MarkLayout, PaceInfoFiles
from telecine.core.layout import PACE_INFO, PACE_INFO_SIDECAR, UNLISTED, VARIANT_FOLDERS
from telecine.core.plan import Plan
from telecine.core.progress import Tick
from telecine.core.watermark.pace_info import Discrete, name_pattern, read_discrete_sidecar
from telecine.media.context import Context
from telecine.media.manifests import Fault
from telecine.media.marked_views import MarkedFiles, link
from telecine.media.samples import Decode, Samples
from telecine.media.verify_encryption import counters
from telecine.media.verify_evidence import Evidence, Known, Rendition, gather
from telecine.media.verify_questions import check, questions, totals
from telecine.media.verify_report import Check, FaultLine, TreeTotals
from telecine.media.workspace import Workspace

_VIEWS = 3
_MOST_SIDECAR_BYTES = 64 * 2**20


def judge_marked(
    files: MarkedFiles,
    plan: Plan | None,
    workspace: Workspace | None,
    context: Context,
    decode: Decode,
    keys: Mapping[bytes, bytes],
    owners: Mapping[bytes, Label],
) -> tuple[list[Check], dict[str, TreeTotals]]:
    """Ask everything of a marked publication. Names in what is returned are those that are published."""
    with TemporaryDirectory(prefix=".verify-", dir=workspace.root if workspace else None) as folder:
        judge = _Judge(files, _within_a_view(plan), workspace, context, decode, keys, owners, Path(folder))
        return judge.checks(), judge.totals()


def _within_a_view(plan: Plan | None) -> Plan | None:
    """The plan with the names of a view, which are the same in both layouts."""
    if plan is None or plan.marking is None:
        return plan
    return plan.model_copy(update={"marking": plan.marking.model_copy(update={"layout": MarkLayout.UNLABELED})})


class _Judge:
    """The three views of one publication."""

    def __init__(
        self,
        files: MarkedFiles,
        plan: Plan | None,
        workspace: Workspace | None,
        context: Context,
        decode: Decode,
        keys: Mapping[bytes, bytes],
        owners: Mapping[bytes, Label],
        folder: Path,
    ) -> None:
        self._files, self._plan, self._workspace, self._context = files, plan, workspace, context
        self._decode, self._keys, self._owners, self._folder = decode, keys, owners, folder
        self._views: list[Mapping[str, str]] = []
        self.first = self._gather(dict(files.first), Known(0, twin=files.twin))
        sound = {name: found for name, found in self.first.encoded.items() if not _is_picture(plan, name)}
        known = Known(1, sound, self.first, files.twin)
        self.second = self._gather(self._view(lambda _: 1, self._beside_second()), known)
        mixed = {name: self._mixed(name) for name in self.first.encoded if _is_picture(plan, name)}
        known = Known(1, sound | {name: found for name, found in mixed.items() if found}, self.first, files.twin)
        self.switching = self._gather(self._view(_other_one, files.first), known)

    def checks(self) -> list[Check]:
        """Everything that is asked, of the publication as a whole."""
        files = self._files
        first = [self._named(one, self._views[0]) for one in questions(self.first, self._workspace, self._context)]
        known = {fault for one in first for fault in one.faults}
        detail = f"{len(files.second)} files of variant 1" if not self._pictures else self._differences()
        if files.outside:
            detail += f"; {len(files.outside)} files outside of 0 and 1 were not looked at"
        return [
            *first,
            check("variants", detail, lambda _: self._against_each_other(), self.first),
            self._view_check("variant 1", "all of this holds for who gets variant 1", self.second, 1, known),
            self._view_check("switching", "and for who gets the other one with each segment", self.switching, 2, known),
            check(
                "pace info",
                "edges are told the right positions",
                lambda _: self._pace_info(),
                self.first,
                self._no_pace_info(),
            ),
        ]

    def totals(self) -> dict[str, TreeTotals]:
        """What each tree of variant 0 holds, with how many segments there are of variant 1."""
        made: dict[str, TreeTotals] = {}
        for tree, found in totals(self.first).items():
            pictures = [name for r in self._pictures if r.tree == ("" if tree == "." else tree) for name in _names(r)]
            twins = {name: twin for name in pictures if (twin := self._files.twin(name))}
            made[self._published(tree)] = found.model_copy(
                update={
                    "manifests": tuple(self._published(name) for name in found.manifests),
                    "bytes": found.bytes + sum(twin.stat().st_size for twin in twins.values()),
                    "second_variant": len(twins),
                }
            )
        return made

    @property
    def _pictures(self) -> list[Rendition]:
        return self.first.of_kind("video")

    def _published(self, name: str) -> str:
        return self._files.published(name, self._files.first)

    def _view(self, variant_of: Callable[[int], int], beside: Mapping[str, str]) -> dict[str, str]:
        """Names and files of who gets variant `variant_of(position)` of each picture; of the rest those `beside`."""
        segments = {name for rendition in self._pictures for name in _names(rendition)}
        view = {name: file for name, file in beside.items() if name not in segments}
        for rendition in self._pictures:
            view |= self._files.chosen(_names(rendition), variant_of)
        return view

    def _beside_second(self) -> Mapping[str, str]:
        """Variant 1's own files where it has a tree of its own."""
        files = self._files
        if files.layout is MarkLayout.UNLABELED:
            return files.first
        return {name: files.second[name] for name in files.first if name in files.second}

    def _gather(self, view: Mapping[str, str], known: Known) -> Evidence:
        number = len(self._views)
        self._views.append(view)
        folder = link(self._files, view, self._folder / str(number))

        def report(tick: Tick) -> None:
            self._context.report(Tick(number + tick.fraction, _VIEWS, tick.speed))

        context = replace(self._context, report=report)
        return gather(folder, self._plan, self._workspace, context, self._decode, self._keys, self._owners, known)

    def _mixed(self, name: str) -> Samples | None:
        """What the encoder made of a rendition, the other variant with each segment; None where that is unclear."""
        second = self.second.encoded.get(name)
        return alternating(self.first.encoded[name], second, self._plan.segment) if self._plan and second else None

    def _named(self, one: Check, view: Mapping[str, str]) -> Check:
        faults = tuple(FaultLine(path=self._files.published(fault.path, view), what=fault.what) for fault in one.faults)
        return one.model_copy(update={"faults": faults})

    def _view_check(self, name: str, detail: str, evidence: Evidence, number: int, known: set[FaultLine]) -> Check:
        """All questions of one view in one check, but for what is wrong with variant 0 as well."""
        asked = [self._named(one, self._views[number]) for one in questions(evidence, self._workspace, self._context)]
        faults = tuple(dict.fromkeys(fault for one in asked for fault in one.faults if fault not in known))
        return Check(name=name, outcome="failed" if faults else "passed", detail=detail, faults=faults)

    def _differences(self) -> str:
        """How many segments the two variants differ in, for people."""
        pairs = [pair for one in self._pairs() for pair in _by_segment(*one[1:])]
        if not pairs:
            return "they could not be compared"
        return f"{sum(mine.digests != theirs.digests for mine, theirs in pairs)} of {len(pairs)} segments differ"

    def _pairs(self) -> Iterator[tuple[Rendition, Samples, Samples]]:
        """Each rendition of which all segments could be read in both variants, with both."""
        others = {(one.tree, one.id): samples for one, samples in self.second.opened("video") if _is_whole(one)}
        for rendition, samples in self.first.opened("video"):
            if _is_whole(rendition) and (rendition.tree, rendition.id) in others:
                yield rendition, samples, others[rendition.tree, rendition.id]

    def _against_each_other(self) -> Iterator[Fault]:
        files, segments = self._files, {name for rendition in self._pictures for name in _names(rendition)}
        for name in sorted(segments - files.second.keys()):
            if name in files.first:
                yield Fault(files.expected_twin(name), f"does not exist: {files.first[name]} has one variant")
        if files.layout is MarkLayout.UNLABELED:
            for name in sorted(files.second.keys() - segments):
                yield Fault(files.second[name], "is variant 1 of nothing that has one")
        else:
            yield from self._same_files(segments)
        for manifest in self.first.manifests:
            for piece in sorted(manifest.pieces()):
                if PurePosixPath(piece).name.startswith(UNLISTED):
                    yield Fault(self._published(manifest.path), f"names {piece}, which nobody may ask for")
        for rendition, mine, theirs in self._pairs():
            yield from self._same_times(rendition, mine, theirs)
        yield from counters(
            (one, f"{self._published(one.place)} (variant {variant})")
            for variant, evidence in enumerate((self.first, self.second))
            for one in evidence.of_kind("video")
        )

    def _same_files(self, segments: set[str]) -> Iterator[Fault]:
        """Both trees have the same names, and but for the pictures the same files."""
        files = self._files
        mine = {**files.first, **files.pace}
        for name in sorted(mine.keys() ^ files.second.keys()):
            if name not in segments:
                variant = VARIANT_FOLDERS[name in mine]
                yield Fault(f"{variant}/{name}", "does not exist in the tree of this variant")
        for name in sorted((mine.keys() & files.second.keys()) - segments):
            if not cmp(files.root / mine[name], files.root / files.second[name], shallow=False):
                yield Fault(files.second[name], f"is not the same as {mine[name]}")

    def _same_times(self, rendition: Rendition, mine: Samples, theirs: Samples) -> Iterator[Fault]:
        """Each segment has the same times in both variants; and somewhere other pictures, or there is no mark."""
        place = self._published(rendition.place)
        pairs = list(_by_segment(mine, theirs))
        if len(mine) != len(theirs) or mine.time_base != theirs.time_base:
            yield Fault(place, f"has {len(mine)} pictures; in variant 1 it has {len(theirs)}")
            return
        for one, other in pairs:
            if one.times != other.times:
                name = rendition.read[one.place].piece.path
                yield Fault(self._files.second.get(name, place), "shows its pictures at other times than variant 0")
                return
        if all(one.digests == other.digests for one, other in pairs):
            yield Fault(place, "has the same pictures in both variants, so that it carries no mark")

    def _no_pace_info(self) -> str:
        marking = self._plan.marking if self._plan else None
        wanted = marking is not None and marking.pace_info is not PaceInfoFiles.NONE
        return "" if wanted or self._files.pace else "there are no files for edges"

    def _pace_info(self) -> Iterator[Fault]:
        pace = dict(self._files.pace)
        marking = self._plan.marking if self._plan else None
        for rendition in self._pictures:
            names = [PurePosixPath(name).name for name in _names(rendition)]
            beside = str(PurePosixPath(_names(rendition)[0]).parent / PACE_INFO)
            whole = f"{beside}/{PACE_INFO_SIDECAR}"
            if whole in pace or (marking and marking.pace_info is not PaceInfoFiles.NONE):
                expected = tuple(Discrete(position, name_pattern(name)) for position, name in enumerate(names))
                yield from self._sidecar(pace.pop(whole, None), whole, expected)
            for position, name in enumerate(names):
                one = f"{beside}/{name}"
                if one in pace or (marking and marking.pace_info is PaceInfoFiles.SEGMENTS):
                    yield from self._sidecar(pace.pop(one, None), one, (Discrete(position),))
        for file in sorted(pace.values()):
            yield Fault(file, "tells the position of no segment that there is")

    def _sidecar(self, file: str | None, name: str, expected: Sequence[Discrete]) -> Iterator[Fault]:
        if file is None:
            yield Fault(self._published(name), "does not exist")
            return
        try:
            with (self._files.root / file).open("rb") as opened:
                said = read_discrete_sidecar(opened.read(_MOST_SIDECAR_BYTES))
        except ValueError as error:
            yield Fault(file, f"cannot be read: {error}")
            return
        if said != tuple(expected):
            yield Fault(file, "does not say the positions of its segments")


@dataclass(frozen=True, slots=True)
class _Run:
    """The samples of one segment; `times` in their order on the screen."""

    place: int
    times: list[int]
    digests: list[int]


def alternating(first: Samples, second: Samples, segment: Fraction) -> Samples | None:
    """Encoded pictures of which segments 0, 2, … are those of `second` and the others those of `first`.

    `segment` is how long one is, in seconds. None where the two do not have the same segments.
    """
    runs = [_runs(samples, segment) for samples in (first, second)]
    if len(runs[0]) != len(runs[1]) or first.time_base != second.time_base:
        return None
    mixed = replace(first, times=first.times[:0], keys=bytearray(), digests=first.digests[:0], places=first.places[:0])
    for position, spans in enumerate(zip(*runs, strict=True)):
        variant = _other_one(position)
        source, span = (first, second)[variant], spans[variant]
        mixed.times.extend(source.times[span.start : span.stop])
        mixed.keys.extend(source.keys[span.start : span.stop])
        mixed.digests.extend(source.digests[span.start : span.stop])
        mixed.places.extend(source.places[span.start : span.stop])
    return mixed


def _runs(samples: Samples, segment: Fraction) -> list[range]:
    """The numbers of the samples of each segment: pictures of closed GOPs come one segment after the other."""
    start, ticks = min(samples.times), segment / samples.time_base
    found: list[range] = []
    for number, time in enumerate(samples.times):
        position = (time - start) * ticks.denominator // ticks.numerator
        if position == len(found):
            found.append(range(number, number + 1))
        elif found:
            found[-1] = range(found[-1].start, number + 1)
    return found


def _by_segment(mine: Samples, theirs: Samples) -> Iterator[tuple[_Run, _Run]]:
    for one, other in zip(mine.by_segment(), theirs.by_segment(), strict=False):
        yield _run(mine, one), _run(theirs, other)


def _run(samples: Samples, span: range) -> _Run:
    times = samples.times[span.start : span.stop]
    return _Run(samples.places[span.start], sorted(times), list(samples.digests[span.start : span.stop]))


def _other_one(position: int) -> int:
    """Variant 1 of the first segment, 0 of the next, and so on."""
    return (position + 1) % 2


def _names(rendition: Rendition) -> list[str]:
    return [segment.piece.path for segment in rendition.track.segments]


def _is_whole(rendition: Rendition) -> bool:
    return len(rendition.read) == len(rendition.track.segments)


def _is_picture(plan: Plan | None, name: str) -> bool:
    return plan is not None and any(video.name == name for video in plan.video)
