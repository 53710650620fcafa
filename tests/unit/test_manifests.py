"""Manifests as strangers write them: read into one model, or refused with the reason."""

from fractions import Fraction

import pytest

from telecine.media import read_hls as read_hls_module
from telecine.media.manifests import ManifestError, Piece, resolve
from telecine.media.read_hls import read_hls
from telecine.media.read_mpd import parse_duration, read_mpd

MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT10.5S">
  <Period>
    <AdaptationSet contentType="video" frameRate="25" width="320" height="180">
      {template}
      <Representation id="v" bandwidth="1000" codecs="avc1.64001f" mimeType="video/mp4">{inner}</Representation>
    </AdaptationSet>
  </Period>
</MPD>"""
TIMELINE = (
    '<SegmentTemplate timescale="10" initialization="$RepresentationID$/i.mp4" media="$RepresentationID$/{name}.m4s"'
    "{attributes}><SegmentTimeline>{entries}</SegmentTimeline></SegmentTemplate>"
)

MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Film",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="a/a.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=100,AVERAGE-BANDWIDTH=90,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=320x180,FRAME-RATE=23.976,AUDIO="a"
v/v.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=10,CODECS="avc1.64001f",URI="v/i.m3u8"
"""
MEDIA = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.004,\n1.ts\n#EXTINF:2.5,\n2.ts\n#EXT-X-ENDLIST\n"
IFRAMES = (
    "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-I-FRAMES-ONLY\n"
    "#EXTINF:2.0,\n#EXT-X-BYTERANGE:100@376\n1.ts\n#EXTINF:2.0,\n#EXT-X-BYTERANGE:50\n1.ts\n#EXT-X-ENDLIST\n"
)


def mpd(tmp_path, template="", inner=""):
    (tmp_path / "x.mpd").write_text(MPD.format(template=template, inner=inner))
    return read_mpd(tmp_path, "x.mpd")


def timeline(entries, name="$Number$", attributes=""):
    return TIMELINE.format(entries=entries, name=name, attributes=attributes)


def hls(tmp_path, **files):
    for name, text in (
        {"master.m3u8": MASTER, "v/v.m3u8": MEDIA, "a/a.m3u8": MEDIA, "v/i.m3u8": IFRAMES} | files
    ).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return read_hls(tmp_path, "master.m3u8")


def test_a_timeline_with_repeats_and_inherited_attributes(tmp_path):
    (track,) = mpd(tmp_path, timeline('<S t="0" d="40" r="1"/><S d="25"/>')).tracks
    assert [s.piece.path for s in track.segments] == ["v/1.m4s", "v/2.m4s", "v/3.m4s"]
    assert [s.start for s in track.segments] == [0, 4, 8]
    assert track.end == Fraction(21, 2)
    assert (track.init, track.frame_rate, track.width) == (Piece("v/i.mp4"), 25, 320)


def test_an_open_repeat_goes_to_the_end(tmp_path):
    (track,) = mpd(tmp_path, timeline('<S t="0" d="40" r="-1"/>')).tracks
    assert len(track.segments) == 3


def test_names_by_time_padding_and_start_number(tmp_path):
    by_time = mpd(tmp_path, timeline('<S t="0" d="40" r="1"/>', "$Time$")).tracks[0]
    assert [s.piece.path for s in by_time.segments] == ["v/0.m4s", "v/40.m4s"]
    padded = mpd(tmp_path, timeline('<S t="0" d="40"/>', "$Number%03d$-$Bandwidth$", ' startNumber="7"')).tracks[0]
    assert padded.segments[0].piece.path == "v/007-1000.m4s"


def test_constant_duration_makes_a_short_last_segment(tmp_path):
    template = '<SegmentTemplate timescale="10" duration="40" media="$Number$.m4s"/>'
    (track,) = mpd(tmp_path, inner=template).tracks
    assert [s.duration for s in track.segments] == [4, 4, Fraction(5, 2)]
    assert track.init is None


def test_a_presentation_time_offset_is_taken_off(tmp_path):
    (track,) = mpd(tmp_path, timeline('<S t="100" d="40"/>', attributes=' presentationTimeOffset="100"')).tracks
    assert track.segments[0].start == 0


def test_a_constant_duration_counts_from_the_presentations_zero_also_where_the_medias_clock_is_late(tmp_path):
    template = '<SegmentTemplate timescale="10" duration="40" presentationTimeOffset="936000" media="$Number$.m4s"/>'
    (track,) = mpd(tmp_path, inner=template).tracks
    assert [(s.piece.path, s.start) for s in track.segments] == [("1.m4s", 0), ("2.m4s", 4), ("3.m4s", 8)]
    assert track.offset == 93600


def test_a_template_says_what_those_around_it_leave_out(tmp_path):
    inner = '<SegmentTemplate media="in-$Number$.m4s" startNumber="7"/>'
    (track,) = mpd(tmp_path, timeline('<S t="0" d="40" r="1"/>'), inner).tracks
    assert [(s.piece.path, s.duration) for s in track.segments] == [("in-7.m4s", 4), ("in-8.m4s", 4)]
    assert track.init == Piece("v/i.mp4")


def test_a_whole_file_lasts_as_long_as_the_presentation(tmp_path):
    (track,) = mpd(tmp_path, inner="<BaseURL>sub/x.mp4</BaseURL>").tracks
    assert track.segments[0].piece == Piece("sub/x.mp4")
    assert track.duration == Fraction(21, 2)


def test_more_segments_than_a_programme_has_are_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(read_hls_module, "MOST_SEGMENTS", 3)
    manifest = hls(tmp_path)
    assert next(str(fault) for fault in manifest.faults) == "v/v.m3u8: makes it more than 3 segments in all"
    assert [track.name for track in manifest.tracks] == ["a/a.m3u8"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<MPD", "not well-formed"),
        ("<x/>", "is not an MPD"),
        ('<!DOCTYPE MPD [<!ENTITY x SYSTEM "file:///etc/passwd">]><MPD>&x;</MPD>', "DOCTYPE"),
        (MPD.replace("static", "dynamic"), "live"),
        (MPD.replace("<Period>", "<Period/><Period>"), "2 periods"),
        (MPD.replace("PT10.5S", "soon"), "'soon' is not a duration"),
        (MPD.replace('"25"', '"1e999999999"').replace("{inner}", "<BaseURL>x</BaseURL>"), "not a frame rate"),
        (MPD.replace("<Representation", "<No").replace("</Representation", "</No"), "no track"),
        (MPD.replace("{inner}", '<SegmentTemplate media="x"/>'), "neither timeline nor duration"),
        (MPD.replace("{template}", timeline('<S t="0" d="0"/>')), "without length"),
        (MPD.replace("{template}", timeline('<S t="0" d="1" r="99999999"/>')), "more than"),
        (MPD.replace("{inner}", "<BaseURL>../../x</BaseURL>"), "points out of"),
        (MPD.replace("{inner}", "<BaseURL>https://x/y</BaseURL>"), "not a relative file name"),
        (
            MPD.replace('bandwidth="1000"', 'bandwidth="fast"').replace("{inner}", "<BaseURL>x</BaseURL>"),
            "cannot be read",
        ),
    ],
)
def test_an_mpd_that_cannot_be_understood_is_refused_with_the_reason(tmp_path, text, reason):
    (tmp_path / "x.mpd").write_text(text)
    with pytest.raises(ManifestError, match=reason):
        read_mpd(tmp_path, "x.mpd")


@pytest.mark.parametrize(("text", "seconds"), [("PT11.011S", "11.011"), ("PT1H2M3S", "3723"), ("P1DT1M", "86460")])
def test_durations(text, seconds):
    assert parse_duration(text) == Fraction(seconds)


def test_a_multivariant_playlist_and_what_it_leads_to(tmp_path):
    manifest = hls(tmp_path)
    (variant,) = manifest.variants
    assert (variant.playlist, variant.bandwidth, variant.average) == ("v/v.m3u8", 100, 90)
    assert (variant.width, variant.height, variant.frame_rate) == (320, 180, Fraction("23.976"))
    audio, video = manifest.tracks
    assert (audio.kind, audio.label, audio.language, audio.default, audio.group) == ("audio", "Film", "en", True, "a")
    assert (video.kind, video.codecs, video.target) == ("video", "avc1.64001f", 4)
    assert video.end == Fraction("6.504")
    assert [s.piece for s in manifest.iframes[0].segments] == [Piece("v/1.ts", 376, 100), Piece("v/1.ts", 476, 50)]
    assert manifest.pieces() == {
        "master.m3u8", "v/v.m3u8", "a/a.m3u8", "v/i.m3u8", "v/1.ts", "v/2.ts", "a/1.ts", "a/2.ts"
    }  # fmt: skip
    assert not manifest.faults


def test_a_broken_media_playlist_does_not_hide_the_others(tmp_path):
    manifest = hls(tmp_path, **{"a/a.m3u8": "<html>"})
    assert [str(fault) for fault in manifest.faults] == ["a/a.m3u8: is not an HLS playlist (no EXTM3U)"]
    assert [track.kind for track in manifest.tracks] == ["video"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not an HLS playlist"),
        ("#EXTM3U\n", "names no variant"),
        (MASTER.replace("v/v.m3u8", "file:///etc/passwd"), "not a relative file name"),
        (MASTER.replace("BANDWIDTH=100", "BANDWIDTH=many"), "cannot be read as a playlist"),
    ],
)
def test_a_master_that_cannot_be_understood_is_refused_with_the_reason(tmp_path, text, reason):
    with pytest.raises(ManifestError, match=reason):
        hls(tmp_path, **{"master.m3u8": text})


@pytest.mark.parametrize(
    ("base", "reference", "means"),
    [("hls/m.m3u8", "v/1.ts", "hls/v/1.ts"), ("a/b/c", "../d%20e?x=1", "a/d e"), ("m", "./x", "x")],
)
def test_references(base, reference, means):
    assert resolve(base, reference) == means


@pytest.mark.parametrize(
    "reference",
    ["/etc/passwd", "//host/x", "http://host/x", "../../x", "%2e%2e/%2e%2e/x", "", "red\x1b[31m.ts", "%1b%5B2J.ts"],
)
def test_references_that_lead_elsewhere(reference):
    with pytest.raises(ManifestError):
        resolve("a/m.m3u8", reference)
