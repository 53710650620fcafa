"""Reads an asset that is encoded already: its manifest, its segments, what they really hold, and on which clock.

What comes out is `core.asset.Asset`, from which the plan is made, with a plain input file for each rendition and a
WebVTT file for each subtitle track in the work folder.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict

from telecine.core.asset import Asset, AssetPicture, AssetSound, AssetText
from telecine.core.asset_cuts import FIELD, refused
from telecine.core.errors import TelecineError
from telecine.core.languages import of_tag
from telecine.core.media_info import MediaInfo
from telecine.core.progress import Tick
from telecine.media import subtitles
from telecine.media.asset_files import WRAP, Assembled, assemble, header_of
from telecine.media.asset_manifest import Described, read_lead, role
from telecine.media.asset_pictures import scan_pictures
from telecine.media.asset_text import read_cues
from telecine.media.context import Context
from telecine.media.manifests import Kind, ManifestError, Piece, Segment, Track
from telecine.media.probe import probe
from telecine.media.structure import BrokenError
from telecine.media.workspace import Workspace, write_finished

_OF_NO_CONCERN = ("The header names no duration", "The frame rate varies")
"""Beginnings of the probe's warnings that are true of every harvest, or tell what only encoding would do."""


LONGEST_LABEL = 255
"""Characters of a name that viewers read; a stranger's may be as long as a manifest."""


class Contents(BaseModel):
    """What was fetched of an asset: names below its folder. Without a leading manifest every file is a rendition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lead: str = ""
    files: tuple[str, ...] = ()


def files_of(workspace: Workspace) -> Path:
    """The folder that holds an asset's files under their names in it."""
    return workspace.asset / "files"


def load_contents(workspace: Workspace) -> Contents:
    """What `keep_contents` wrote."""
    return Contents.model_validate_json((workspace.asset / "contents.json").read_bytes())


def keep_contents(workspace: Workspace, contents: Contents) -> None:
    """Write down what was fetched."""
    write_finished(workspace, workspace.asset / "contents.json", contents.model_dump_json().encode())


def read_asset(workspace: Workspace, context: Context) -> Asset:
    """Read the asset that was fetched into the work folder. Reports renditions read.

    Raises ASSET_REFUSED, INPUT_UNSAFE, INPUT_UNREADABLE or INPUT_OVER_LIMIT, naming the file or rendition at fault.
    """
    contents = load_contents(workspace)
    reader = _Reader(workspace, context)
    if contents.lead:
        lead = read_lead(files_of(workspace), contents.lead, context.limits)
        reader.warnings += lead.warnings
        tracks, muxed = lead.manifest.tracks, lead.muxed
    else:
        tracks, muxed = tuple(_of_file(name) for name in contents.files), Described()
    media = [track for track in tracks if track.kind != "text"]
    has_groups = any(track.group for track in media if track.kind == "audio")
    for number, track in enumerate(media):
        use_muxed = track.kind == "audio" or not has_groups or muxed != Described()
        reader.rendition(number, len(media), track, muxed, use_muxed=use_muxed)
    return reader.asset([track for track in tracks if track.kind == "text"])


def _of_file(name: str) -> Track:
    """A file that is a rendition by itself; `film.en.vtt` is English."""
    path = PurePosixPath(name)
    kind: Kind = "text" if role(name) == "text" else "video"
    language = of_tag(path.stem.rpartition(".")[2]) if kind == "text" else ""
    whole = Segment(Piece(name), Fraction(0), Fraction(0))
    return Track(name=name, kind=kind, segments=(whole,), language=language)


@dataclass(slots=True)
class _Reader:
    """Reads one rendition after the other."""

    workspace: Workspace
    context: Context
    pictures: list[AssetPicture] = field(default_factory=list)
    sounds: list[AssetSound] = field(default_factory=list)
    infos: list[MediaInfo] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reference: Fraction | None = None
    """When the first rendition begins whose clock begins again at zero now and then, on that clock."""
    _tick: Tick = field(default_factory=lambda: Tick(0, 1))

    def rendition(self, number: int, count: int, track: Track, muxed: Described, *, use_muxed: bool) -> None:
        """Make input file `number` of a track and find out what it holds."""
        self._tick = Tick(number, count)
        self._alive()
        with _named(track.name):
            assembled = assemble(files_of(self.workspace), track, self.workspace, number, self._alive)
            info = self._probed(assembled)
        self.infos.append(info)
        self.warnings += [f"'{track.name}': {w}" for w in info.warnings if not w.startswith(_OF_NO_CONCERN)]
        starts = [found.start for found in (info.video, *info.audio) if found]
        shift = self._shift(assembled, min(starts)) - track.offset
        if info.video and track.kind == "video":
            self._picture(number, track.name, info, shift)
        if use_muxed:
            self.sounds += _sounds(number, track, info, shift, muxed)
        self.context.report(Tick(number + 1, count))

    def asset(self, texts: list[Track]) -> Asset:
        """Everything together, with the subtitles written down from the programme's zero."""
        found = Asset(pictures=tuple(self.pictures), sounds=tuple(self.sounds), files=tuple(self.infos))
        written = tuple(self._texts(texts, found.origin))
        return found.model_copy(update={"texts": written, "warnings": tuple(dict.fromkeys(self.warnings))})

    def _alive(self, _: object = None) -> None:
        """Say how far it is, as a sign of life in work that takes its time. May raise `Cancelled`."""
        self.context.poll()
        self.context.report(self._tick)

    def _probed(self, assembled: Assembled) -> MediaInfo:
        header = header_of(assembled.path)
        if header.encrypted:
            raise refused("it is encrypted; only clear assets can be packaged.")
        tools, limits = self.context.tools, self.context.limits
        return probe(assembled.path, tools, limits, self._alive, fragmented=header.fragmented)

    def _picture(self, number: int, name: str, info: MediaInfo, shift: Fraction) -> None:
        assert info.video
        found = scan_pictures(name, self.workspace.input_file(number), info, self.context, self._alive)
        average = found.average_rate.limit_denominator(1001)
        track = info.video.model_copy(update={"frame_rate": average}) if info.video.variable_rate else info.video
        self.pictures.append(
            AssetPicture(
                name=name,
                file=number,
                demuxer=info.demuxer,
                track=track,
                time_base=found.time_base,
                shift=shift,
                keyframes=found.keyframes,
                end=found.end,
            )
        )

    def _shift(self, assembled: Assembled, start: Fraction) -> Fraction:
        """What to add to the file's times to have them on the media's clock, in the turn that the others are in."""
        if not assembled.wraps:
            return assembled.clock
        begins = start + assembled.clock
        if self.reference is None:
            self.reference = begins
        return assembled.clock + round((self.reference - begins) / WRAP) * WRAP

    def _texts(self, tracks: list[Track], origin: Fraction) -> Iterator[AssetText]:
        number = 0
        for track in tracks:
            try:
                cues = self._cues(track, origin)
            except (ManifestError, BrokenError, ValueError, LookupError, TelecineError) as error:
                self.warnings.append(f"The subtitles '{track.name}' are left out: {error}")
                continue
            if not cues:
                self.warnings.append(f"The subtitles '{track.name}' are left out: they hold no text.")
                continue
            write_finished(self.workspace, self.workspace.subtitle(number), subtitles.to_vtt(cues).encode())
            yield AssetText(file=number, language=of_tag(track.language) or "und", label=track.label[:LONGEST_LABEL])
            number += 1

    def _cues(self, track: Track, origin: Fraction) -> list[subtitles.Cue]:
        root = files_of(self.workspace)
        if PurePosixPath(track.name).suffix.lower() == ".srt":
            return list(subtitles.read(root / track.name, self.context.limits).cues)
        return read_cues(root, track, origin, self.context.limits)


def _sounds(number: int, track: Track, info: MediaInfo, shift: Fraction, muxed: Described) -> Iterator[AssetSound]:
    """The sounds of a file: a rendition of their own, or beside the picture, as the playlist describes those."""
    beside = track.kind == "video" or not (track.group or track.language)
    for ordinal, sound in enumerate(info.audio):
        described = muxed if beside and ordinal == 0 else Described()
        yield AssetSound(
            name=track.name if len(info.audio) == 1 else f"{track.name}#{ordinal}",
            file=number,
            demuxer=info.demuxer,
            track=sound,
            shift=shift,
            language=described.language if beside else of_tag(track.language),
            label=(described.label if beside else track.label)[:LONGEST_LABEL],
            default=track.default or beside,
            choice=f"{track.choice}.{ordinal}" if track.kind == "audio" else f"0.{ordinal}",
        )


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Put a rendition's name before what is wrong with it."""
    try:
        yield
    except TelecineError as error:
        if f"'{name}'" in error.detail:
            raise
        raise TelecineError(error.kind, f"'{name}': {error.detail}", field=error.field or FIELD) from error
