"""Says what is wrong with a take that was just encoded: its pictures, their times, keyframes and sizes.

Copies are put together of groups by their bytes, so a group must be in every take exactly where the plan has it.
"""

from collections.abc import Sequence
from pathlib import Path

import av
from av.packet import Packet
from av.video.stream import VideoStream

from telecine.core.master import MasterChunk, MasterPlan
from telecine.media.copies.master_args import reference_step
from telecine.media.encode import frames_in
from telecine.media.encode_args import frame_ticks


def fault_of_take(plan: MasterPlan, chunk: MasterChunk, path: Path) -> str | None:
    """What is wrong with the take in the file `path`, as a sentence; None where nothing is."""
    try:
        with av.open(path) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
    except (av.FFmpegError, IndexError) as error:
        return f"a take cannot be read ({error})."
    if len(packets) != chunk.frames:
        return f"{len(packets)} of its {chunk.frames} pictures came; the picture ends early or has a hole there."
    ticks = frame_ticks(plan.rate)
    if sorted(packet.pts or 0 for packet in packets) != [number * ticks for number in range(chunk.frames)]:
        return "its pictures are not one after the other."
    return _fault_of_groups(plan, packets, ticks) or _fault_of_sizes(plan, chunk, packets)


def fault_of_reference(plan: MasterPlan, chunk: MasterChunk, path: Path) -> str | None:
    """What is wrong with the chunk's reference in the file `path`."""
    wanted, found = -(-chunk.frames // reference_step(plan)), frames_in(path)
    return None if wanted == found else f"{found} of the {wanted} pictures of its reference came."


def _fault_of_groups(plan: MasterPlan, packets: "Sequence[Packet[VideoStream]]", ticks: int) -> str | None:
    """Each group must be closed: it begins with a keyframe, and its packets lie together in stored order."""
    for first in range(0, len(packets), plan.group):
        group = packets[first : first + plan.group]
        shown = sorted((packet.pts or 0) // ticks for packet in group)
        if shown != list(range(first, first + len(group))):
            return f"the group at picture {first} is not closed."
        if not group[0].is_keyframe or (group[0].pts or 0) != first * ticks:
            return f"the group at picture {first} does not begin with a keyframe."
    return None


def _fault_of_sizes(plan: MasterPlan, chunk: MasterChunk, packets: "Sequence[Packet[VideoStream]]") -> str | None:
    """DNxHD has one size for all pictures, which says what class it is: it must be the master's."""
    if plan.codec != "dnxhd":
        return None
    wanted = round(chunk.bitrate / plan.rate / 8)
    found = {packet.size for packet in packets}
    return None if found == {wanted} else f"its pictures have {sorted(found)} bytes; the master's have {wanted}."
