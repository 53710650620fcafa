"""Which manifest of an asset leads, what it names, and what keeps an asset from being packaged as it is.

A stranger wrote these manifests. They are read by our own readers, which follow relative names inside the asset's
folder and nothing else; no media tool ever sees a manifest or a name in it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from telecine.core.asset_cuts import FIELD, refused
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.languages import of_tag
from telecine.core.limits import MediaLimits
from telecine.media.manifests import Manifest, ManifestError, read_text, resolve, understood
from telecine.media.read_hls import OPEN_ENDED, parsed, read_hls, read_media_playlist
from telecine.media.read_mpd import parse_xml, read_mpd

type Role = Literal["mpd", "playlist", "media", "text"]

_ROLES: dict[str, Role] = {
    ".mpd": "mpd",
    ".m3u8": "playlist",
    **dict.fromkeys((".mp4", ".m4v", ".m4a", ".mov", ".cmfv", ".cmfa"), "media"),
    **dict.fromkeys((".vtt", ".srt"), "text"),
}
_MASTER = re.compile(r"^#EXT-X-STREAM-INF:", re.MULTILINE)
_LEADS = re.compile("#EXT-X-(?:STREAM-INF|I-FRAME-STREAM-INF|MEDIA):")
_KEY = re.compile(r"^#EXT-X-(?:SESSION-)?KEY:(?!METHOD=NONE\b)(?!.*[,:]METHOD=NONE\b)", re.MULTILINE)
_BREAKS = {
    "#EXT-X-DISCONTINUITY": "has a discontinuity (EXT-X-DISCONTINUITY)",
    "#EXT-X-GAP": "has a segment that is not there (EXT-X-GAP)",
}


@dataclass(frozen=True, slots=True)
class Described:
    """What a multivariant playlist says of sound that lies in the variants' own segments."""

    language: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Lead:
    """An asset's leading manifest as it was read. `muxed` describes sound beside the picture in its segments."""

    manifest: Manifest
    muxed: Described = Described()
    warnings: tuple[str, ...] = ()


def role(name: str) -> Role | None:
    """What a file of an asset is, by its name; None for what is of no use."""
    return _ROLES.get(PurePosixPath(name).suffix.lower())


def candidates(names: Sequence[str]) -> list[str]:
    """Files of a folder that may lead it, the best first: MPDs, else playlists, from the uppermost folder that has any.

    Shorter names come first, so that `stream.mpd` comes before `stream_SD_ONLY.mpd`.
    """
    for wanted in ("mpd", "playlist"):
        found = [name for name in names if role(name) == wanted]
        if found:
            depth = min(name.count("/") for name in found)
            return sorted((n for n in found if n.count("/") == depth), key=lambda name: (len(name), name))
    return []


def is_master(text: str) -> bool:
    """Whether a playlist leads to other playlists."""
    return _MASTER.search(text) is not None


def playlists_of(root: Path, lead: str, limits: MediaLimits) -> list[str]:
    """Media playlists that the multivariant playlist `lead` leads to; none for another manifest.

    Raises ASSET_REFUSED, and INPUT_OVER_LIMIT where there are more than an asset may have renditions.
    """
    if role(lead) != "playlist":
        return []
    with _told():
        text = read_text(root, lead)
        if len(_LEADS.findall(text)) > limits.streams * 8:
            raise _too_many(lead, limits)
        with understood(lead):
            master = parsed(lead, text)
            references = [item.uri for item in (*master.playlists, *master.media) if item.uri]
            names = list(dict.fromkeys(resolve(lead, reference) for reference in references))
    if len(names) > limits.streams:
        raise _too_many(lead, limits)
    return names


def read_lead(root: Path, lead: str, limits: MediaLimits) -> Lead:
    """Read the manifest `lead` and all playlists below it; of media files nothing needs to be there yet.

    Raises ASSET_REFUSED for what cannot be read, is encrypted, live or broken off, or points elsewhere.
    """
    with _told():
        if role(lead) == "mpd":
            return _read_mpd(root, lead, limits)
        text = read_text(root, lead)
        for name in (lead, *playlists_of(root, lead, limits)):
            _check_tags(name, read_text(root, name))
        if not is_master(text):
            manifest = read_media_playlist(root, lead)
            return Lead(manifest, Described(), tuple(_judged(root, manifest)))
        manifest = read_hls(root, lead)
        with understood(lead):
            muxed = _muxed(parsed(lead, text))
        return Lead(manifest, muxed, tuple(_judged(root, manifest)))


def _read_mpd(root: Path, lead: str, limits: MediaLimits) -> Lead:
    tree = parse_xml(lead, read_text(root, lead))
    if next(tree.iter("{*}ContentProtection"), None) is not None:
        raise ManifestError(lead, "says that it is encrypted (ContentProtection); only clear assets can be packaged")
    if len(list(tree.iter("{*}Representation"))) > limits.streams:
        raise _too_many(lead, limits)
    return Lead(read_mpd(root, lead, limits.asset_objects))


def _judged(root: Path, manifest: Manifest) -> Iterator[str]:
    """Refuse playlists that cannot be packaged; warn of those that only look as if."""
    ignored = _iframes(root, manifest)
    reached = {track.name for track in manifest.tracks} | {manifest.path}
    for fault in manifest.faults:
        if fault.what == OPEN_ENDED and fault.path in reached:
            yield f"The playlist '{fault.path}' has no end mark; it is taken for a finished one."
        elif fault.path in reached or fault.path not in ignored:
            raise ManifestError(fault.path, fault.what)


def _iframes(root: Path, manifest: Manifest) -> set[str]:
    """Playlists that are named for fast forward; they are not needed, there or not."""
    lead = parsed(manifest.path, read_text(root, manifest.path))
    return {resolve(manifest.path, item.uri) for item in lead.iframe_playlists if item.uri}


def _check_tags(name: str, text: str) -> None:
    """Refuse a playlist for what it says, before all of it is read."""
    if _KEY.search(text):
        raise ManifestError(name, "says that it is encrypted (EXT-X-KEY); only clear assets can be packaged")
    begun = False
    for line in text.splitlines():
        tag = line.strip()
        begun = begun or tag.startswith("#EXTINF")
        # Before the first segment a discontinuity only says that something came before the harvest.
        if tag in _BREAKS and (begun or tag == "#EXT-X-GAP"):
            raise ManifestError(name, f"{_BREAKS[tag]}, so its timestamps cannot be relied on")


def _muxed(master: Any) -> Described:  # noqa: ANN401 - the library has no types
    """The first audio entry without a playlist of its own."""
    for item in master.media:
        if item.type == "AUDIO" and not item.uri:
            return Described(of_tag(item.language or ""), item.name or "")
    return Described()


def _too_many(lead: str, limits: MediaLimits) -> TelecineError:
    detail = f"'{lead}' has more than {limits.streams} renditions."
    return TelecineError(ErrorKind.INPUT_OVER_LIMIT, detail, field=FIELD)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what is wrong with a manifest into the refusal of its asset."""
    try:
        yield
    except ManifestError as error:
        raise refused(f"'{error.fault.path}' {error.fault.what}.") from None
