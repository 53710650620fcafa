"""What the boxes of fragmented MP4 say of encryption (ISO/IEC 23001-7): of a track, and of each of its fragments.

Files come here after `structure` found them whole, so every box ends where it says.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from telecine.media.structure import boxes, track_sizes

_CONTAINERS = frozenset({"moov", "trak", "mdia", "minf", "stbl", "mvex"})
_ENTRY_TYPES = frozenset({"encv", "enca", "enct", "encs"})
_SUBSAMPLES, _ENTRY_NUMBER, _BASE_OFFSET = 2, 2, 1
_KEY_GROUPS = b"seig"
_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample entry. `scheme` is empty where it is a clear one; `iv` is the constant IV, or empty."""

    scheme: str = ""
    kid: bytes = b""
    iv_size: int = 0
    iv: bytes = b""


@dataclass(frozen=True, slots=True)
class InitBoxes:
    """What an init segment says: its sample entries, the number (from 1) of the usual one, and its `pssh` boxes."""

    entries: tuple[Entry, ...]
    usual: int
    pssh: tuple[bytes, ...]

    @property
    def encrypted(self) -> tuple[Entry, ...]:
        """The entries of encrypted samples."""
        return tuple(entry for entry in self.entries if entry.scheme)


@dataclass(frozen=True, slots=True)
class Fragment:
    """What the fragments of one file say. `counters` are the ranges of AES-CTR counters that its samples use up."""

    entry: Entry
    protected_bytes: int = 0
    counters: tuple[tuple[int, int], ...] = ()
    fault: str = ""


def read_init(content: bytes) -> InitBoxes:
    """An init segment of one track."""
    entries: list[Entry] = []
    usual = 1
    systems: list[bytes] = []
    for name, body, end in _inside(content, 0, len(content)):
        if name == "stsd":
            entries += [_entry(kind, content[at:until]) for kind, at, until in boxes(content, body + 8, end)]
        elif name == "trex":
            usual = int.from_bytes(content[body + 8 : body + 12])
        elif name == "pssh":
            systems.append(content[body - 8 : end])
    return InitBoxes(tuple(entries), usual, tuple(systems))


def read_fragment(content: bytes, init: InitBoxes) -> Fragment:
    """A media segment. Its fragments must be of one kind, because players take segments whole."""
    found: list[Fragment] = []
    for name, body, end in boxes(content):
        if name == "moof":
            found += [_track_run(content, at, until, init) for n, at, until in boxes(content, body, end) if n == "traf"]
    if any(fragment.fault or fragment.entry != found[0].entry for fragment in found):
        fault = next((fragment.fault for fragment in found if fragment.fault), "mixes fragments of different keys")
        return Fragment(Entry(), fault=fault)
    counters = tuple(joined(span for fragment in found for span in fragment.counters))
    protected = sum(fragment.protected_bytes for fragment in found)
    return Fragment(found[0].entry, protected, counters) if found else Fragment(Entry())


def joined(spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges in their order, those that touch made one."""
    begin = end = 0
    for first, behind in spans:
        if first != end:
            if end > begin:
                yield begin, end
            begin = first
        end = behind
    if end > begin:
        yield begin, end


def _inside(content: bytes, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    for name, body, stop in boxes(content, start, end):
        yield name, body, stop
        if name in _CONTAINERS:
            yield from _inside(content, body, stop)


def _entry(kind: str, content: bytes) -> Entry:
    if kind not in _ENTRY_TYPES:
        return Entry()
    # How many bytes come before an entry's boxes depends on its kind and version; `sinf` is found by its name.
    at = content.find(b"sinf") - 4
    scheme, kid, iv_size, iv = "", b"", 0, b""
    for name, body, end in _protection(content, at, at + int.from_bytes(content[at : at + 4])):
        if name == "schm":
            scheme = content[body + 4 : body + 8].decode("ascii", "replace")
        elif name == "tenc" and content[body + 6]:
            iv_size, kid = content[body + 7], content[body + 8 : body + 24]
            iv = content[body + 25 : min(end, body + 25 + content[body + 24])] if not iv_size else b""
    return Entry(scheme or "?", kid, iv_size, iv)


def _protection(content: bytes, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    if start < 0:
        return
    for name, body, stop in boxes(content, start, end):
        yield name, body, stop
        if name in ("sinf", "schi"):
            yield from _protection(content, body, stop)


def _track_run(content: bytes, start: int, end: int, init: InitBoxes) -> Fragment:
    """One `traf`: its sample entry, and of encrypted samples how they are."""
    number = init.usual
    auxiliary: tuple[int, int] | None = None
    for name, body, stop in boxes(content, start, end):
        if name == "tfhd" and content[body + 3] & _ENTRY_NUMBER:
            at = body + 8 + 8 * (content[body + 3] & _BASE_OFFSET)
            number = int.from_bytes(content[at : at + 4])
        elif name in ("sbgp", "sgpd") and content[body + 4 : body + 8] == _KEY_GROUPS:
            return Fragment(Entry(), fault="changes its key by sample groups, which is not understood")
        elif name == "senc":
            auxiliary = body, stop
    if not 1 <= number <= len(init.entries):
        return Fragment(Entry(), fault=f"uses sample entry {number} of {len(init.entries)}")
    entry = init.entries[number - 1]
    if not entry.scheme:
        return Fragment(entry, fault="has a senc box over clear samples" if auxiliary else "")
    sizes = list(track_sizes(content, start, end))
    if auxiliary is None:
        missing = "" if entry.iv else "is encrypted but has no senc box"
        return Fragment(entry, sum(sizes), fault=missing)
    return _samples(content[slice(*auxiliary)], entry, sizes)


def _samples(senc: bytes, entry: Entry, sizes: list[int]) -> Fragment:
    """IVs and protected bytes of each sample."""
    with_parts = senc[3] & _SUBSAMPLES
    at, protected = 8, 0
    counters: list[tuple[int, int]] = []
    if int.from_bytes(senc[4:8]) != len(sizes):
        return Fragment(entry, fault=f"has a senc box of {int.from_bytes(senc[4:8])} for {len(sizes)} samples")
    for size in sizes:
        iv = senc[at : at + entry.iv_size]
        at += entry.iv_size
        if with_parts:
            count = int.from_bytes(senc[at : at + 2])
            parts = [at + 2 + 6 * part for part in range(count)]
            hidden = sum(int.from_bytes(senc[part + 2 : part + 6]) for part in parts)
            whole = hidden + sum(int.from_bytes(senc[part : part + 2]) for part in parts)
            at += 2 + 6 * count
            if whole != size:
                return Fragment(entry, fault=f"has subsamples of {whole} bytes for a sample of {size}")
        else:
            hidden = size
        protected += hidden
        if entry.iv_size and hidden:
            counters.append(_counters(iv, hidden))
    return Fragment(entry, protected, tuple(joined(iter(counters))))


def _counters(iv: bytes, size: int) -> tuple[int, int]:
    """The counters of one sample. An IV of 8 bytes is followed by a block counter of 8 bytes of its own."""
    first = int.from_bytes(iv.ljust(_BLOCK, b"\0"))
    return first, first + (2**64 if len(iv) == _BLOCK // 2 else -(-size // _BLOCK))
