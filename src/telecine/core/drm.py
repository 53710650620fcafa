"""Protection in the field's own words: key labels, encryption schemes, DRM systems, content keys, track types.

Which track gets which key, and which tracks a manifest for some screens holds, is decided here and nowhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

KID_BYTES = 16
KEY_BYTES = 16


class Label(StrEnum):
    """Which tracks a key is for. The names are those of SPEKE's `intendedTrackType` and of the packager."""

    ALL = "ALL"
    """One key for every track."""
    SD = "SD"
    HD = "HD"
    UHD1 = "UHD1"
    UHD2 = "UHD2"
    AUDIO = "AUDIO"


VIDEO_LABELS = (Label.SD, Label.HD, Label.UHD1, Label.UHD2)
"""From the smallest pictures to the largest."""


class Scheme(StrEnum):
    """A protection scheme of ISO/IEC 23001-7 (common encryption), by its four characters."""

    CENC = "cenc"
    """AES-CTR over whole samples, video in subsamples."""
    CBCS = "cbcs"
    """AES-CBC, one block of ten of each video slice; also what HLS calls SAMPLE-AES."""


class DrmSystem(StrEnum):
    """A system by which players get keys."""

    WIDEVINE = "widevine"
    PLAYREADY = "playready"
    FAIRPLAY = "fairplay"
    CLEARKEY = "clearkey"


SYSTEM_IDS: dict[DrmSystem, str] = {
    DrmSystem.WIDEVINE: "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed",
    DrmSystem.PLAYREADY: "9a04f079-9840-4286-ab92-e65be0885f95",
    DrmSystem.FAIRPLAY: "94ce86fb-07ff-4f43-adb8-93d2fa968ca2",
    DrmSystem.CLEARKEY: "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b",
}
"""UUIDs registered for `pssh` boxes; ClearKey's is the W3C's common system. DASH has another for ClearKey."""

KEY_FORMATS: dict[DrmSystem, str] = {
    DrmSystem.FAIRPLAY: "com.apple.streamingkeydelivery",
    DrmSystem.WIDEVINE: f"urn:uuid:{SYSTEM_IDS[DrmSystem.WIDEVINE]}",
    DrmSystem.PLAYREADY: "com.microsoft.playready",
    DrmSystem.CLEARKEY: "org.w3.clearkey",
}
"""KEYFORMAT of each system in HLS, in the order in which lines are written."""

HLS_METHODS: dict[Scheme, str] = {Scheme.CENC: "SAMPLE-AES-CTR", Scheme.CBCS: "SAMPLE-AES"}
"""METHOD of each scheme in HLS."""

SIGNAL_SPACES = {
    "cenc": "urn:mpeg:cenc:2013",
    "mspr": "urn:microsoft:playready",
    "dashif": "https://dashif.org/CPS",
}
"""XML name spaces inside ContentProtection elements, by the prefixes that key servers use without declaring them."""


class TrackType(StrEnum):
    """A manifest for some screens: the pictures up to a size, with all audio and subtitles."""

    SD_ONLY = "SD_ONLY"
    SD_HD = "SD_HD"
    SD_UHD = "SD_UHD"


TRACK_TYPE_LABELS: dict[TrackType, frozenset[Label]] = {
    TrackType.SD_ONLY: frozenset({Label.SD}),
    TrackType.SD_HD: frozenset({Label.SD, Label.HD}),
    TrackType.SD_UHD: frozenset(VIDEO_LABELS),
}
"""Video labels in each manifest."""


class PlaybackTracks(StrEnum):
    """What a playback token opens. The names are those of licence services."""

    ALL = "ALL"
    SD_ONLY = "SD_ONLY"
    SD_HD = "SD_HD"
    SD_UHD1 = "SD_UHD1"
    SD_UHD2 = "SD_UHD2"


PLAYBACK_LABELS: dict[PlaybackTracks, frozenset[Label]] = {
    PlaybackTracks.ALL: frozenset(Label),
    **{
        tracks: frozenset({Label.AUDIO, *VIDEO_LABELS[: number + 1]})
        for number, tracks in enumerate(tracks for tracks in PlaybackTracks if tracks is not PlaybackTracks.ALL)
    },
}
"""Labels whose keys each gets. One key for every track opens the largest pictures too, so only ALL gets that."""


class Ladder(BaseModel):
    """Where SD, HD and UHD1 end, in lines of the picture; what is higher than all is UHD2."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_sd_height: int = Field(default=480, gt=0)
    max_hd_height: int = Field(default=1080, gt=0)
    max_uhd1_height: int = Field(default=2160, gt=0)

    def label(self, height: int) -> Label:
        """The label of a picture of `height` lines."""
        tops = (self.max_sd_height, self.max_hd_height, self.max_uhd1_height)
        return next((label for label, top in zip(VIDEO_LABELS, tops, strict=False) if height <= top), Label.UHD2)


class Signalling(BaseModel):
    """What manifests and boxes tell players about where keys come from. A house choice, the same for every job."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    systems: tuple[DrmSystem, ...] = Field(default=tuple(DrmSystem), min_length=1)
    widevine_provider: str = ""
    """Name of the Widevine account; empty leaves it out of the `pssh`."""
    playready_url: str = ""
    """LA_URL of the PlayReady header; empty leaves it out, and players must be told."""
    fairplay_uri: str = "skd://{content_id}?kid={kid}"
    """URI of FairPlay key lines; `{content_id}` and `{kid}` (32 hex digits) are filled in."""
    clearkey_url: str = ""
    """ClearKey licence URL in the MPD; empty leaves it out, and players must be told."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What a key server wants said about one key for one DRM system, written as it came. Empty parts are ours to make.

    `mpd` is what stands inside a `ContentProtection` element; `hls_media` and `hls_master` are playlist lines.
    """

    system_id: str
    """UUID in lower case."""
    pssh: bytes = b""
    """A whole `pssh` box."""
    mpd: str = ""
    hls_media: str = ""
    hls_master: str = ""


@dataclass(frozen=True, slots=True)
class ContentKey:
    """One content key. It never shows its secret."""

    label: Label
    kid: bytes
    key: bytes = field(repr=False)
    iv: bytes = b""
    """Constant IV of 16 bytes for cbcs; unused in cenc, where every track needs its own."""
    signals: tuple[Signal, ...] = ()

    def __post_init__(self) -> None:
        if len(self.kid) != KID_BYTES or len(self.key) != KEY_BYTES or len(self.iv) not in (0, 16):
            raise ValueError("a key id and a key have 16 bytes each, and an IV has 16 or none")


def track_types(labels: Iterable[Label]) -> tuple[TrackType, ...]:
    """The manifests to make for pictures of `labels`: those that are not empty and differ from each other."""
    there = set(labels) & set(VIDEO_LABELS)
    chosen: dict[frozenset[Label], TrackType] = {}
    for kind, allowed in TRACK_TYPE_LABELS.items():
        held = frozenset(there & allowed)
        if held:
            chosen.setdefault(held, kind)
    return tuple(chosen.values())
