"""What is changed in the packager's manifests, and that everything else stays."""

from fractions import Fraction

from tests import plans

from telecine.core.layout import track_files
from telecine.media import mend
from telecine.media.bandwidth import Rate

HLS = plans.tree("hls", transport_stream=True)
PLAN = plans.plan(
    HLS,
    video=(plans.video("v0"),),
    audio=(plans.audio("a0", "und"), plans.audio("a1", "ko", default=True)),
    subtitles=(plans.subtitle("s0", "ko", "한국어"),),
)
MASTER = """#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,URI="audio/und/mp4a/1/stream.m3u8",GROUP-ID="audio",LANGUAGE="",NAME="a0",DEFAULT=YES,CHANNELS="2"
#EXT-X-MEDIA:TYPE=AUDIO,URI="audio/ko/mp4a/1/stream.m3u8",GROUP-ID="audio",LANGUAGE="ko",NAME="a1",DEFAULT=NO,CHANNELS="2"
#EXT-X-MEDIA:TYPE=SUBTITLES,URI="subtitle/ko/subtitle.m3u8",GROUP-ID="subtitles",LANGUAGE="ko",NAME="s0",DEFAULT=YES
#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,CODECS="avc1.4d400d,mp4a.40.2",FRAME-RATE=23.981,AUDIO="audio"
video/avc1/1/stream.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,URI="video/avc1/1/iframes.m3u8"
"""


def test_master():
    rates = {("video/avc1/1/stream.m3u8", "audio"): Rate(500, 400)}
    iframes = {"video/avc1/1/iframes.m3u8": Rate(50, 40)}
    mended = mend.mend_master(MASTER, PLAN, track_files(PLAN, HLS), rates, iframes).splitlines()
    assert mended == [
        "#EXTM3U",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-MEDIA:TYPE=AUDIO,URI="audio/und/mp4a/1/stream.m3u8",GROUP-ID="audio",NAME="und",DEFAULT=NO,CHANNELS="2",'
        "AUTOSELECT=YES",
        '#EXT-X-MEDIA:TYPE=AUDIO,URI="audio/ko/mp4a/1/stream.m3u8",GROUP-ID="audio",LANGUAGE="ko",NAME="ko",DEFAULT=YES,'
        'CHANNELS="2",AUTOSELECT=YES',
        '#EXT-X-MEDIA:TYPE=SUBTITLES,URI="subtitle/ko/subtitle.m3u8",GROUP-ID="subtitles",LANGUAGE="ko",NAME="한국어",'
        "DEFAULT=NO,AUTOSELECT=YES",
        '#EXT-X-STREAM-INF:BANDWIDTH=500,AVERAGE-BANDWIDTH=400,CODECS="avc1.4d400d,mp4a.40.2",FRAME-RATE=23.976,'
        'AUDIO="audio"',
        "video/avc1/1/stream.m3u8",
        '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=50,AVERAGE-BANDWIDTH=40,URI="video/avc1/1/iframes.m3u8"',
    ]


def test_attributes_survive_reading_and_writing():
    text = 'A="x,y=z",B=1,C="",D=1x2'
    assert mend.format_attributes(mend.parse_attributes(text)) == text


def test_each_group_of_audio_has_one_default():
    plan = plans.plan(audio=(plans.audio("a0"), plans.audio("a1", "ko"), plans.audio("a2", codec="ac3")))
    assert mend.default_audio(plan) == "a0"
    assert mend.default_audio(plan, "audio-2-ac-3") == "a2"
    assert mend.default_audio(plans.plan()) == ""


def test_subtitle_playlists_end_with_the_programme():
    text = "#EXTM3U\n#EXTINF:4.004,\n1.vtt\n#EXTINF:4.004,\n2.vtt\n#EXT-X-ENDLIST\n"
    assert mend.mend_subtitle_playlist(text, Fraction(7)) == text.replace("4.004,\n2", "2.996,\n2")
    assert mend.mend_subtitle_playlist(text, Fraction(8008, 1000)) == text


def test_webvtt_segments_say_their_clock_once():
    plain = "WEBVTT\n\n00:01.000 --> 00:02.000\nWEBVTT\n"
    mended = mend.mend_vtt_segment(plain)
    assert mended == plain.replace("WEBVTT\n", f"WEBVTT\n{mend.TIMESTAMP_MAP}\n", 1)
    assert mend.mend_vtt_segment(mended) == mended
