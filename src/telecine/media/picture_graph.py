"""The filter graph that turns one decoded picture into every rendition of a chunk. Pure text, tested as text.

Decoding, deinterlacing, turning and timing are shared. Every distinct size is scaled once: from the smallest picture
already made that is at least twice as large, else from the source. Twice is where a second bicubic scaling still
costs no visible sharpness, and it saves most of what a full cascade would save. Tone mapping is done once, at the
largest size that needs it.

Times are the programme's: the source's first frame is 0. The `fps` filter sees those global times, and `trim` then
cuts by frame number, so a chunk has the very frames that the whole would have had there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from telecine.core.plan import ChunkSpan, PictureSource, Plan, VideoOutput

PADDING = 2
"""Seconds by which the last picture may be held where the stream ends before its declared end."""

SHRINK = 2
"""A picture is scaled from another rendition only where that is this many times larger."""

TURNS = {0: (), 90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}
"""Filters that turn a picture clockwise by so many degrees."""
_PARITIES = {"top_first": "tff", "bottom_first": "bff"}


@dataclass(frozen=True, slots=True)
class _Picture:
    """One distinct picture to make; several renditions may be encoded from it."""

    width: int
    height: int
    pixel_format: str
    matrix: str
    tone_map: bool

    @property
    def size(self) -> int:
        return self.width * self.height

    @property
    def deep(self) -> bool:
        return "10" in self.pixel_format


@dataclass(slots=True)
class _Node:
    """A point of the graph: the filters that lead to it, what is scaled from it, and what is encoded from it."""

    filters: list[str]
    children: list["_Node"] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


def picture_graph(plan: Plan, chunk: ChunkSpan, outputs: Sequence[VideoOutput] | None = None) -> str:
    """The `-filter_complex` of `chunk`: reads the picture of input 0 and ends in one pad per rendition, by its name.

    Where `outputs` are given it ends in theirs alone. They are the very pictures that the whole graph makes, scaled in
    the same steps.
    """
    assert plan.picture
    groups: dict[Fraction, list[VideoOutput]] = defaultdict(list)
    for output in plan.video:
        groups[output.frame_rate].append(output)
    root = _Node(shared_filters(plan.picture))
    root.children = [_timed(plan, chunk, rate, group) for rate, group in groups.items()]
    if outputs is not None:
        _prune(root, {output.name for output in outputs})
    return ";".join(_chains(root, f"0:{plan.picture.stream}", _labels()))


def shared_filters(picture: PictureSource) -> list[str]:
    """What every rendition needs: meaning of the colours, whole frames, the right side up, programme time."""
    colour = picture.colour
    meaning = f"setparams=color_primaries={colour.primaries}:color_trc={colour.transfer}:range={colour.range}"
    filters = [f"{meaning}:colorspace={colour.matrix}"]
    if picture.deinterlace != "no":
        mode = "send_field" if picture.field_rate else "send_frame"
        parity = _PARITIES.get(picture.deinterlace)
        which = f"parity={parity}:deint=all" if parity else "parity=auto:deint=interlaced"
        filters.append(f"bwdif=mode={mode}:{which}")
    if picture.rotation:
        # What has been turned must not be turned again, so the mark goes too.
        filters += [*TURNS[picture.rotation], "sidedata=mode=delete:type=DISPLAYMATRIX"]
    if picture.start:
        # Rounded, because setpts cuts off fractions and an exact start is not always exact in floating point.
        filters.append(f"setpts=round(PTS-({picture.start.numerator}/{picture.start.denominator})/TB)")
    return filters


def timing_filters(plan: Plan, chunk: ChunkSpan, rate: Fraction) -> list[str]:
    """What picks exactly the frames of `chunk` at `rate` frames per second, numbered from 0 on."""
    first = chunk.first_frame(rate)
    filters = [f"fps={rate}"]
    if chunk.end == plan.duration:
        filters.append(f"tpad=stop={round(PADDING * rate)}:stop_mode=clone")
    # Counted in frames: after fps, timestamps are frame numbers.
    filters.append(f"trim=start_pts={first}:end_pts={first + chunk.frames(rate)}")
    if first:
        filters.append(f"setpts=PTS-{first}")
    return filters


def _timed(plan: Plan, chunk: ChunkSpan, rate: Fraction, outputs: list[VideoOutput]) -> _Node:
    """The pictures of all renditions of one frame rate, below the node that picks exactly this chunk's frames."""
    node = _Node(timing_filters(plan, chunk, rate))
    _hang_pictures(node, outputs)
    return node


def _hang_pictures(base: _Node, outputs: list[VideoOutput]) -> None:
    """Hang every distinct picture of `outputs` below `base`, the largest first, each on its best parent."""
    wanted: dict[_Picture, list[str]] = defaultdict(list)
    for output in outputs:
        wanted[_picture_of(output)].append(output.name)
    mapped = [picture for picture in wanted if picture.tone_map]
    standard = _Node(_tone_mapping(max(mapped, key=lambda picture: picture.size))) if mapped else base
    if mapped:
        base.children.append(standard)
    made: list[tuple[_Picture, _Node]] = []
    for picture in sorted(wanted, key=lambda picture: (-picture.size, not picture.deep)):
        node = _Node(_scaling(picture), outputs=wanted[picture])
        parent = _parent(picture, made) or (standard if picture.tone_map else base)
        parent.children.append(node)
        made.append((picture, node))


def _prune(node: _Node, wanted: Collection[str]) -> bool:
    """Take away all below `node` that leads to none of the outputs `wanted`; whether anything is left."""
    node.outputs = [name for name in node.outputs if name in wanted]
    node.children = [child for child in node.children if _prune(child, wanted)]
    return bool(node.outputs or node.children)


def _parent(picture: _Picture, made: list[tuple[_Picture, _Node]]) -> _Node | None:
    """The smallest picture already made from which `picture` can be scaled without loss, if any."""
    fitting = [
        (other, node)
        for other, node in made
        if other.width >= SHRINK * picture.width
        and other.height >= SHRINK * picture.height
        and other.tone_map == picture.tone_map
        and other.deep >= picture.deep
    ]
    return min(fitting, key=lambda pair: pair[0].size)[1] if fitting else None


def _picture_of(output: VideoOutput) -> _Picture:
    return _Picture(output.width, output.height, output.pixel_format, output.colour.matrix, output.tone_map)


def _scaling(picture: _Picture) -> list[str]:
    """Scale to the picture's size with square pixels, limited range and its own matrix; free where nothing changes."""
    size = f"scale=w={picture.width}:h={picture.height}:flags=bicubic"
    return [
        f"{size}:out_range=tv:out_color_matrix={picture.matrix}",
        "setsar=1",
        f"format={picture.pixel_format}",
    ]


def _tone_mapping(largest: _Picture) -> list[str]:
    """HDR to BT.709 at the size of `largest`, in linear light, with 100 nits as the standard picture's white."""
    return [
        f"zscale=w={largest.width}:h={largest.height}:t=linear:npl=100",
        "format=gbrpf32le",
        "zscale=p=bt709",
        "tonemap=tonemap=hable:desat=0",
        "zscale=t=bt709:m=bt709:r=tv",
        f"format={largest.pixel_format}",
        "sidedata=mode=delete:type=MASTERING_DISPLAY_METADATA",
        "sidedata=mode=delete:type=CONTENT_LIGHT_LEVEL",
    ]


def _chains(node: _Node, source: str, labels: Iterator[str]) -> Iterator[str]:
    """The chains of `node` and all below it. Where a node feeds several, it is split; else it goes straight on."""
    filters = list(node.filters)
    while len(node.children) == 1 and not node.outputs:
        node = node.children[0]
        filters += node.filters
    inner = [next(labels) for _ in node.children]
    targets = [*node.outputs, *inner]
    if len(targets) > 1:
        filters.append(f"split={len(targets)}")
    yield f"[{source}]{','.join(filters)}{''.join(f'[{target}]' for target in targets)}"
    for label, child in zip(inner, node.children, strict=True):
        yield from _chains(child, label, labels)


def _labels() -> Iterator[str]:
    number = 0
    while True:
        yield f"p{number}"
        number += 1
