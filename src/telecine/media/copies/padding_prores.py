"""Makes a frame of ProRes longer by stuffing at its end.

SMPTE RDD 36, 5.1 (frame syntax): whatever lies between a frame's last picture and its `frame_size` is stuffing, zero
bytes that decoders ignore.
"""

LEAST = 1
"""The fewest bytes that can be added."""
_MARK = b"icpf"


def pad_prores(frame: bytes, more: int) -> bytes:
    """`frame` with exactly `more` bytes of stuffing. Raises ValueError for what is no frame, or not one whole one."""
    if frame[4:8] != _MARK or int.from_bytes(frame[:4]) != len(frame):
        raise ValueError("it is not one frame of ProRes")
    return (len(frame) + more).to_bytes(4) + frame[4:] + bytes(more)
