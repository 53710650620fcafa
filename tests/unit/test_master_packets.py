"""What ffprobe's lines of packets say of a master, and whether seeking in it can be relied on."""

from fractions import Fraction
from pathlib import Path

import pytest

from telecine.core.limits import MediaLimits
from telecine.media.context import Context
from telecine.media.copies import master_packets
from telecine.media.copies.master_packets import read_pictures
from telecine.media.tools import Tools

CONTEXT = Context(Tools(Path("ffmpeg"), Path("ffprobe"), Path("packager")), MediaLimits())
WHOLE = ["0,0,900,100,K__", "3,1,300,1000,___", "1,2,100,1300,___", "2,3,100,1400,___", "4,4,900,1500,K__", "1/2,"]


def told(monkeypatch: pytest.MonkeyPatch, whole: list[str], behind_seek: list[str]) -> None:
    """Let ffprobe say `whole` of a file, and `behind_seek` where it is asked from somewhere on."""

    def run(argv, *, on_line, **_):
        for line in behind_seek if "-read_intervals" in argv else whole:
            on_line(line)

    monkeypatch.setattr(master_packets.sandbox, "run", run)


def test_pictures_are_put_into_the_order_of_showing(monkeypatch: pytest.MonkeyPatch):
    told(monkeypatch, WHOLE, WHOLE)
    pictures = read_pictures(Path("source"), "mov", 0, CONTEXT)
    assert pictures.sizes == [900, 100, 100, 300, 900]
    assert pictures.keys == [True, False, False, False, True]
    assert (pictures.reordered, pictures.hidden, pictures.intra, pictures.longest_gop) == (True, 0, False, 4)


def test_a_packet_without_a_time_of_showing_is_shown_when_it_is_decoded(monkeypatch: pytest.MonkeyPatch):
    told(monkeypatch, ["N/A,0,9,1,K__", "N/A,1,8,2,K__", "N/A,N/A,7,3,___", "1/25,"], [])
    pictures = read_pictures(Path("source"), "mov", 0, CONTEXT)
    assert (pictures.sizes, pictures.reordered, pictures.intra) == ([9, 8], False, True)


def test_pictures_that_an_edit_list_hides_are_counted(monkeypatch: pytest.MonkeyPatch):
    told(monkeypatch, ["0,0,900,100,KD_", "1,1,300,1000,_D_", "2,2,9,1300,K__"], [])
    assert read_pictures(Path("source"), "mov", 0, CONTEXT).hidden == 2


@pytest.mark.parametrize(
    ("demuxer", "behind_seek", "seekable"),
    [
        pytest.param("mxf", WHOLE[:3], True, id="it lands on a keyframe before"),
        pytest.param("mxf", ["0,0,900,1500,K__"], False, id="the first time is given to another place"),
        pytest.param("mxf", WHOLE[4:], False, id="it lands behind"),
        pytest.param("mxf", [], False, id="it finds nothing"),
        pytest.param("mov", [], True, id="an index of its own"),
    ],
)
def test_a_file_is_cut_only_where_seeking_finds_what_lies_there(monkeypatch, demuxer, behind_seek, seekable):
    told(monkeypatch, WHOLE, behind_seek)
    assert read_pictures(Path("source"), demuxer, 0, CONTEXT).seekable is seekable


def test_ticks_are_those_of_the_stream(monkeypatch: pytest.MonkeyPatch):
    told(monkeypatch, WHOLE, [])
    packets = master_packets._read(Path("source"), "mxf", 0, CONTEXT)
    assert packets.tick == Fraction(1, 2)
