"""How one rendition is encrypted, by its own files and not by any manifest; filled in while they are read.

In MP4 the boxes say everything. MPEG-TS and packed audio say only whether a segment is encrypted: by which key and IV
must be learned from the key lines, so there is no second opinion on those.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telecine.media import sample_aes
from telecine.media.drm_contents import said_in_mark
from telecine.media.manifests import Fault, Piece, ProtectionMark, SystemMark
from telecine.media.protection_boxes import Entry, InitBoxes, joined, read_fragment, read_init
from telecine.media.samples import Opening

CLEAR = Entry()


@dataclass(slots=True)
class Encryption:
    """What was seen. `entry` is how the encrypted samples are; `segments` says of each piece whether it is encrypted.

    `counters` are the AES-CTR counters that were used up; `opened` is None where nothing had to be, and says
    otherwise whether there was a key.
    """

    entry: Entry = CLEAR
    init: InitBoxes | None = None
    segments: dict[Piece, bool] = field(default_factory=dict)
    protected_bytes: int = 0
    counters: list[tuple[int, int]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    opened: bool | None = None

    @property
    def on(self) -> bool:
        """Whether anything is encrypted."""
        return any(self.segments.values())

    @property
    def sealed(self) -> bool:
        """Whether the samples could not be read for want of a key."""
        return self.opened is False

    def see_init(self, piece: Piece, content: bytes) -> None:
        """Take in an init segment."""
        self.init = read_init(content)
        found = set(self.init.encrypted)
        if len(found) > 1:
            self.faults.append(Fault(piece.path, "has sample entries with different keys"))
        self.entry = next(iter(self.init.encrypted), CLEAR)

    def see_segment(self, piece: Piece, content: bytes) -> None:
        """Take in a media segment, after the init segment; a file that holds both is welcome too."""
        if self.init is None and content[4:8] == b"ftyp":
            self.see_init(piece, content)
        if self.init is None:
            self.segments[piece] = sample_aes.is_encrypted(content)
            self.protected_bytes += self.segments[piece]
            return
        found = read_fragment(content, self.init)
        if found.fault:
            self.faults.append(Fault(piece.path, found.fault))
        self.segments[piece] = bool(found.entry.scheme)
        self.protected_bytes += found.protected_bytes
        self.counters = list(joined(iter([*self.counters, *found.counters])))

    def learn(self, marks: Iterable[ProtectionMark], keys: Mapping[bytes, bytes]) -> None:
        """Take key and IV of a transport stream from its key lines, where these agree on one.

        Key servers write URIs of their own, with other numbers beside the key id or with none. Then `keys` tell.
        """
        if self.init is not None or not self.on:
            return
        known = list(marks)
        named = {kid for mark in known for system in mark.systems for kid in _kids(system)}
        kids = named & keys.keys() or named or (keys.keys() if len(keys) == 1 else set())
        ivs = {mark.iv for mark in known if mark.iv}
        kid = next(iter(kids)) if len(kids) == 1 else b""
        self.entry = Entry("cbcs", kid, iv=ivs.pop() if len(ivs) == 1 else b"")

    def opening(self, pieces: list[Piece], keys: Mapping[bytes, bytes]) -> Opening | None:
        """What opens the track, whose readable segments are `pieces`; None where it is clear."""
        if not self.on:
            return None
        key = keys.get(self.entry.kid, b"")
        self.opened = bool(key) and (self.init is not None or bool(self.entry.iv))
        places = frozenset(number for number, piece in enumerate(pieces) if self.segments.get(piece))
        return Opening(key if self.opened else b"", self.entry.iv, places)


def _kids(system: SystemMark) -> frozenset[bytes]:
    """Key ids of a mark; one that cannot be read is a fault elsewhere."""
    try:
        return frozenset(kid for said in said_in_mark(system) for kid in said.kids)
    except ValueError:
        return frozenset()
