"""A coded picture can be made longer by any number of bytes, and decodes to the very same pixels."""

import io
from functools import cache

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telecine.media.copies.padding import common_sizes, padding_of

ENCODERS = {
    "h264": ("libx264", "yuv420p", {"preset": "ultrafast", "x264-params": "bframes=2:keyint=4:b-adapt=0"}),
    "h265": ("libx265", "yuv420p10le", {"preset": "ultrafast", "x265-params": "log-level=none:bframes=2:keyint=4"}),
    "mpeg2": ("mpeg2video", "yuv422p", {"bf": "2", "g": "4"}),
    "prores": ("prores_ks", "yuv422p10le", {"profile": "3"}),
}
PICTURES = 6


@cache
def encoded(codec):
    """A few pictures as they lie in a file: the bytes of each, and what a decoder is set up with."""
    encoder, pixel_format, options = ENCODERS[codec]
    file = io.BytesIO()
    with av.open(file, "w", format="mov") as container:
        stream = container.add_stream(encoder, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 128, 96, pixel_format
        chance = np.random.default_rng(1)
        for number in range(PICTURES):
            noise = chance.integers(0, 255, (96, 128, 3), dtype=np.uint8) // 4 + 20 * number
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise.astype(np.uint8), format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        context = container.streams.video[0].codec_context
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
        return context.name, bytes(context.extradata or b""), packets


def decoded(name, extradata, packets):
    context = av.CodecContext.create(name, "r")
    context.extradata = extradata or None
    context.options = {"err_detect": "explode"}
    frames = [frame for data in packets for frame in context.decode(av.Packet(data))]
    frames += context.decode(None)
    assert not any(frame.is_corrupt for frame in frames)
    return [np.concatenate([np.frombuffer(plane, np.uint8) for plane in frame.planes]) for frame in frames]


@pytest.mark.parametrize("codec", ENCODERS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_padded_pictures_have_exactly_their_size_and_the_same_pixels(codec, data):
    name, extradata, packets = encoded(codec)
    padding = padding_of(codec)
    more = [data.draw(st.integers(padding.least, padding.least + 1200)) for _ in packets]
    padded = [padding.pad(packet, extra) for packet, extra in zip(packets, more, strict=True)]
    assert [len(packet) for packet in padded] == [len(old) + extra for old, extra in zip(packets, more, strict=True)]
    plain, longer = decoded(name, extradata, packets), decoded(name, extradata, padded)
    assert len(plain) == len(longer) == PICTURES
    for one, other in zip(plain, longer, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_every_length_of_padding_can_be_written(codec):
    _, _, packets = encoded(codec)
    padding = padding_of(codec)
    for more in range(padding.least, 1100):
        assert len(padding.pad(packets[0], more)) == len(packets[0]) + more


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_padding_never_looks_like_a_start_code(codec):
    _, _, packets = encoded(codec)
    padding = padding_of(codec)
    for more in range(padding.least, 1100):
        unit = padding.pad(packets[0], more)
        at = unit.index(bytes.fromhex("8f3b6e1a"))
        inside = unit[at - 8 : at + 30]
        assert b"\0\0\1" not in inside[4:]
        assert b"\0\0\0" not in inside[4:]


@pytest.mark.parametrize("codec", ["h264", "h265", "prores"])
def test_what_is_no_picture_is_refused(codec):
    padding = padding_of(codec)
    for wrong in (b"", b"\0", b"\0\0\0\2\x46\1", bytes(40), b"\0\0\1\xb3" + bytes(60)):
        with pytest.raises(ValueError, match="it"):
            padding.pad(wrong, 100)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_less_than_the_least_is_refused(codec):
    padding = padding_of(codec)
    with pytest.raises(ValueError, match="no SEI message"):
        padding.pad(encoded(codec)[2][0], padding.least - 1)


@given(st.lists(st.tuples(st.integers(1, 4000), st.integers(1, 4000)), min_size=1), st.sampled_from(sorted(ENCODERS)))
def test_a_common_size_can_be_reached_from_both_takes(pairs, codec):
    padding = padding_of(codec)
    first, second = np.array(pairs).T
    common = common_sizes(first, second, padding)
    for sizes in (first, second):
        more = common - sizes
        assert ((more == 0) | (more >= padding.least)).all()
    assert (common <= np.maximum(first, second) + padding.least).all()


def test_frames_of_a_fixed_size_are_left_alone_and_never_padded():
    padding = padding_of("dnxhd")
    same = np.array([917504, 917504])
    np.testing.assert_array_equal(common_sizes(same, same, padding), same)
    with pytest.raises(ValueError, match="picture 1 has two sizes"):
        common_sizes(same, np.array([917504, 921600]), padding)
    with pytest.raises(ValueError, match="cannot be added"):
        padding.pad(bytes(10), 1)
