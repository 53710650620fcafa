"""What an edge makes of an address, a name and a request's headers, and whom it serves."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import plans

from telecine.core import layout
from telecine.core.job import MarkLayout
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.ticket import Ticket
from telecine.core.watermark.token_aes import write_aes
from telecine.core.watermark.token_keys import TokenKeys
from telecine.core.watermark.tokens import read_token
from telecine.edge.address import LONGEST, read_address
from telecine.edge.names import Kind, read_name
from telecine.edge.place import Title, find_place
from telecine.edge.positions import position_of, read_table
from telecine.edge.ranges import Part, choose
from telecine.edge.refusal import Outcome, Refused
from telecine.edge.rights import Rules, Session, check

PREFIXES = frozenset({"wm-contents", "dldzkdpsxmdnjrtm"})
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def refused(act, *given):
    with pytest.raises(Refused) as caught:
        act(*given)
    return caught.value.outcome


class TestAddress:
    @pytest.mark.parametrize(
        ("path", "token", "revoke_token"),
        [
            ("/wm-contents/TOKEN==/vod/film/dash/stream.mpd", "TOKEN==", ""),
            ("/wm-contents/TOKEN%3D%3D/vod/film/dash/stream.mpd", "TOKEN==", ""),
            ("/dldzkdpsxmdnjrtm/TO-K_EN/vod/film/dash/stream.mpd", "TO-K_EN", ""),
            ("/wm-contents/REVOKE.TOKEN/vod/film/dash/stream.mpd", "TOKEN", "REVOKE"),
            ("/wm-contents/head.body.sign/vod/film/dash/stream.mpd", "head.body.sign", ""),
            ("/wm-contents/REVOKE.head.body.sign/vod/film/dash/stream.mpd", "head.body.sign", "REVOKE"),
            ("/wmt:head.body.sign/vod/film/dash/stream.mpd", "head.body.sign", ""),
        ],
    )
    def test_the_forms_that_players_use(self, path, token, revoke_token):
        address = read_address(path.encode(), PREFIXES)
        assert (address.token, address.revoke_token) == (token, revoke_token)
        assert address.parts == ("vod", "film", "dash", "stream.mpd")
        assert token not in repr(address)

    def test_names_of_any_language(self):
        assert read_address("/wm-contents/T/영화/a b/x".encode(), PREFIXES).parts == ("영화", "a b", "x")
        assert read_address(b"/wm-contents/T/%EC%98%81%ED%99%94/a%20b/x", PREFIXES).parts == ("영화", "a b", "x")

    @pytest.mark.parametrize(
        "path",
        [
            b"/wm-contents/T/vod/../secret/x.mpd",
            b"/wm-contents/T/vod/%2e%2e/secret/x.mpd",
            b"/wm-contents/T/vod/.%2E/x.mpd",
            b"/wm-contents/T/vod%2ffilm/x.mpd",
            b"/wm-contents/T/vod%2Ffilm/x.mpd",
            b"/wm-contents/T/vod%5Cfilm/x.mpd",
            b"/wm-contents/T/vod\\film/x.mpd",
            b"/wm-contents/T/vod//film/x.mpd",
            b"/wm-contents//vod/film/x.mpd",
            b"//wm-contents/T/vod/film/x.mpd",
            b"/wm-contents/T/vod/film/x.mpd/",
            b"/wm-contents/T/vod/./film/x.mpd",
            b"/wm-contents/T/vod/film/x.mpd%00.ts",
            b"/wm-contents/T/vod/film/x%0d%0ay",
            b"/wm-contents/T/vod/film/%ff%fe",
            b"/wm-contents/T/vod/film/%zz",
            b"/wm-contents/T/vod/film/x%",
            b"/wm-contents/" + LONGEST * b"T" + b"/vod/film/x.mpd",
            b"wm-contents/T/vod",
            b"*",
        ],
    )
    def test_an_address_that_no_player_makes_is_refused(self, path):
        assert refused(read_address, path, PREFIXES) is Outcome.MALFORMED

    @pytest.mark.parametrize("path", [b"/vod/film/dash/stream.mpd", b"/wm-contents", b"/wmt:/vod/x.mpd", b"/x"])
    def test_without_a_token_nobody_gets_a_copy(self, path):
        assert refused(read_address, path, PREFIXES) is Outcome.NO_TOKEN

    def test_a_token_alone_names_no_file(self):
        assert refused(read_address, b"/wm-contents/T", PREFIXES) is Outcome.MISSING
        assert refused(read_address, b"/wmt:T", PREFIXES) is Outcome.MISSING

    @given(st.binary(max_size=200))
    def test_whatever_is_sent_is_read_or_refused(self, path):
        for before in (b"", b"/", b"/wm-contents/", b"/wm-contents/T/", b"/wmt:"):
            try:
                address = read_address(before + path, PREFIXES)
            except Refused:
                continue
            assert address.token
            assert not {"", ".", ".."} & set(address.parts)
            assert not any("/" in part or "\\" in part for part in address.parts)


class TestNames:
    @pytest.mark.parametrize("kind", ["dash", "hls", "cmaf"])
    @pytest.mark.parametrize(("subtitles", "packed"), [("text_vtt", True), ("text_vtt", False), ("mp4_ttml", False)])
    def test_every_name_of_a_marked_tree_is_what_it_should_be(self, kind, subtitles, packed):
        tree = plans.tree(kind, subtitles, transport_stream=packed)
        sounds = tuple(plans.audio(f"a{n}", codec=codec) for n, codec in enumerate(("aac", "ac3", "eac3")))
        plan = plans.marked(
            plans.plan(tree, video=(plans.video("v0"),), audio=sounds, subtitles=(plans.subtitle("s0"),))
        )
        for name, track in layout.track_files(plan, tree).items():
            for position in (0, 9, 10, 1234) if track.segments else ():
                named = read_name((kind, *track.at(position).split("/")))
                if name == "v0":
                    assert (named.kind, named.number) == (Kind.SEGMENT, position + track.first)
                else:
                    assert named.kind is Kind.SHARED, track.at(position)
            for shared in filter(None, (track.init, track.sidecar)):
                assert read_name((kind, *shared.split("/"))).kind is Kind.SHARED
            if track.playlist:
                assert read_name((kind, *track.playlist.split("/"))).kind is Kind.MANIFEST

    @pytest.mark.parametrize(
        "path",
        [
            "dash/video/avc1/1/b.seg-1.m4s",
            "dash/video/avc1/1/B.seg-1.m4s",
            "1/dash/video/avc1/1/seg-1.m4s",
            "dash/video/avc1/1/WMPaceInfo/sidecar.cbor",
            "dash/video/avc1/1/WMPaceInfo/seg-1.m4s",
            "dash/video/avc1/1/wmpaceinfo/seg-1.m4s",
            "dash/b.video/seg-1.m4s",
        ],
    )
    def test_what_only_edges_may_ask_for(self, path):
        assert read_name(tuple(path.split("/"))).kind is Kind.HIDDEN

    @pytest.mark.parametrize(
        "name",
        [
            *("SEG-1.M4S", "seg-1.M4S", "seg-01.m4s", "seg-1.m4s.", "seg-1 .m4s", "seg-1.m4s;x", "seg-1.m4s~", "seg-1"),
            *("seg-.m4s", "seg1.m4s", "seg-1x.m4s", "seg-1234567890.m4s", "seg-١.m4s", ".seg-1.m4s", "seg-1.cmfv"),
            *("report.json", "x.part", "init", "seg-1.m4s:stream", "SEG-1_INIT.M4S"),
        ],
    )
    def test_a_name_that_nothing_published_has_is_not_served(self, name):
        assert read_name(("dash", "video", "avc1", "1", name)).kind is Kind.UNKNOWN


def title(layout_="unlabeled", formats=("dash", "hls"), path="vod", content="film"):
    return Title(content, MarkLayout(layout_), frozenset(formats), "storage", path, "1")


def place(path, *titles):
    return find_place(tuple(path.split("/")), titles or (title(),))


class TestPlace:
    def test_where_the_variants_lie(self):
        segment = place("vod/film/dash/video/avc1/1/seg-7.m4s")
        assert (segment.position, segment.first) == (7, 0)
        assert segment.key(0) == "vod/film/dash/video/avc1/1/seg-7.m4s"
        assert segment.key(1) == "vod/film/dash/video/avc1/1/b.seg-7.m4s"
        assert segment.sidecar() == "vod/film/dash/video/avc1/1/WMPaceInfo/sidecar.cbor"

    @pytest.mark.parametrize("own", ["", "0/"])
    def test_prefixed_trees_are_found_with_and_without_the_folder_of_variant_0(self, own):
        segment = place(f"vod/film/{own}hls/video/avc1/1/segment-8.ts", title("prefixed"))
        assert segment.position == 7
        assert [segment.key(variant) for variant in (0, 1)] == [
            f"vod/film/{variant}/hls/video/avc1/1/segment-8.ts" for variant in (0, 1)
        ]
        manifest = place(f"vod/film/{own}hls/master.m3u8", title("prefixed"))
        assert manifest.key(0) == "vod/film/0/hls/master.m3u8"

    @pytest.mark.parametrize("path", ["", "a/b c/d", "1", "0"])
    def test_output_paths_of_any_depth(self, path):
        found = place(f"{path}/film/dash/stream.mpd".lstrip("/"), title(path=path))
        assert found.key(0) == f"{path}/film/dash/stream.mpd".lstrip("/")

    def test_an_address_may_lack_the_beginning_of_the_output_path_and_not_all_of_it(self):
        deep = title(path="customers/one/vod")
        for path in ("customers/one/vod", "one/vod", "vod"):
            assert place(f"{path}/film/dash/stream.mpd", deep).key(0) == "customers/one/vod/film/dash/stream.mpd"
        for path in ("film", "od/film", "customers/vod/film", "x/customers/one/vod/film"):
            assert refused(place, f"{path}/dash/stream.mpd", deep) is Outcome.MISSING

    def test_of_two_titles_the_inner_one_is_meant(self):
        outer, inner = title(content="dash", path=""), title(path="dash")
        assert place("dash/film/dash/stream.mpd", outer, inner).title is inner
        assert place("dash/dash/stream.mpd", outer, inner).title is outer

    @pytest.mark.parametrize(
        ("path", "outcome"),
        [
            ("vod/other/dash/stream.mpd", Outcome.MISSING),
            ("film/dash/stream.mpd", Outcome.MISSING),
            ("vod/film", Outcome.MISSING),
            ("vod/film/stream.mpd", Outcome.MISSING),
            ("vod/film/cmaf/stream.mpd", Outcome.MISSING),
            ("vod/film/hls/video/avc1/1/segment-0.ts", Outcome.MISSING),
            ("vod/film/0/dash/stream.mpd", Outcome.MISSING),
            ("vod/film/thumbnails/seg-1.m4s", Outcome.MISSING),
            ("vod/film/1/dash/video/avc1/1/seg-1.m4s", Outcome.HIDDEN),
            ("vod/film/dash/video/avc1/1/b.seg-1.m4s", Outcome.HIDDEN),
        ],
    )
    def test_what_is_not_there_and_what_is_not_for_viewers(self, path, outcome):
        assert refused(place, path) is outcome

    def test_prefixed_trees_hide_variant_1(self):
        for path in ("1/dash/video/avc1/1/seg-1.m4s", "1/dash/stream.mpd", "0/1/dash/stream.mpd"):
            assert refused(place, f"vod/film/{path}", title("prefixed")) is Outcome.HIDDEN

    def test_a_title_without_trees_serves_nothing(self):
        assert refused(place, "vod/film/dash/stream.mpd", title(formats=())) is Outcome.MISSING


class TestPositions:
    def test_without_a_sidecar_the_name_says_it(self):
        assert position_of(place("vod/film/hls/video/avc1/1/segment-8.ts"), None) == 7

    def test_sidecar_and_name_must_agree(self):
        segment = place("vod/film/dash/video/avc1/1/seg-1.m4s")
        assert position_of(segment, {"(^|/)seg-1\\.m4s$": 1}) == 1
        assert position_of(segment, {"(^|/)seg-1\\.m4s$": -1}) == -1, "the same for everybody"
        assert refused(position_of, segment, {"(^|/)seg-1\\.m4s$": 2}) is Outcome.CONTRADICTION
        assert refused(position_of, segment, {"(^|/)seg-2\\.m4s$": 2}) is Outcome.MISSING
        assert refused(read_table, b"no sidecar") is Outcome.CONTRADICTION


class TestRanges:
    @pytest.mark.parametrize(
        ("headers", "part"),
        [
            ({}, Part(200, 0, 10)),
            ({"range": "bytes=2-5"}, Part(206, 2, 6)),
            ({"range": "bytes=2-"}, Part(206, 2, 10)),
            ({"range": "bytes=-3"}, Part(206, 7, 10)),
            ({"range": "bytes=-30"}, Part(206, 0, 10)),
            ({"range": "bytes=0-99"}, Part(206, 0, 10)),
            ({"range": "bytes=10-"}, Part(416)),
            ({"range": "bytes=-0"}, Part(416)),
            ({"range": "bytes=5-2"}, Part(200, 0, 10)),
            ({"range": "bytes=1-2,4-5"}, Part(200, 0, 10)),
            ({"range": "bytes=-"}, Part(200, 0, 10)),
            ({"range": "seconds=1-2"}, Part(200, 0, 10)),
            ({"range": "bytes=2-5", "if-range": '"e"'}, Part(206, 2, 6)),
            ({"range": "bytes=2-5", "if-range": '"old"'}, Part(200, 0, 10)),
            ({"range": "bytes=2-5", "if-range": 'W/"e"'}, Part(200, 0, 10)),
            ({"range": "bytes=2-5", "if-range": "Fri, 01 May 2026 12:00:00 GMT"}, Part(200, 0, 10)),
            ({"if-none-match": '"e"'}, Part(304)),
            ({"if-none-match": 'W/"x", W/"e"'}, Part(304)),
            ({"if-none-match": "*"}, Part(304)),
            ({"if-none-match": '"x"'}, Part(200, 0, 10)),
            ({"if-match": '"x"'}, Part(412)),
            ({"if-match": 'W/"e"'}, Part(412)),
            ({"if-match": '"x", "e"', "range": "bytes=0-0"}, Part(206, 0, 1)),
        ],
    )
    def test_what_is_sent(self, headers, part):
        assert choose(headers, '"e"', 10) == part

    def test_an_empty_object_has_no_part(self):
        assert choose({}, '"e"', 0) == Part(200, 0, 0)
        assert choose({"range": "bytes=0-"}, '"e"', 0) == Part(416)

    @given(st.text(max_size=30), st.integers(0, 100))
    def test_whatever_is_asked_for_lies_in_the_object(self, wanted, size):
        for header in (wanted, f"bytes={wanted}"):
            part = choose({"range": header}, '"e"', size)
            assert 0 <= part.start <= part.end <= size


def ticket(**values):
    given = {
        "code": SessionCode.DELIVERY, "payload": bytes(7), "session": "", "site": "DEMO", "content": "",
        "issued": NOW - timedelta(minutes=30), "expires": None, "streaming_format": "dash", "sync_skip": None,
        "revoke_flag": False, "pattern": None,
    }  # fmt: skip
    return Ticket(**(given | values))


OPEN = Session("film", None, revoked=False)


class TestRights:
    @pytest.mark.parametrize(
        ("rules", "said", "revoke_token", "session"),
        [
            ({}, {}, "", OPEN),
            ({}, {"content": "film"}, "", OPEN),
            ({}, {"expires": NOW + timedelta(seconds=1)}, "", OPEN),
            ({"longest_age": timedelta(minutes=30)}, {}, "", OPEN),
            ({}, {"revoke_flag": True}, "revoke", OPEN),
            ({"known_sessions": False}, {}, "", None),
            ({}, {}, "", Session("film", NOW + timedelta(seconds=1), revoked=False)),
        ],
    )
    def test_who_is_served(self, rules, said, revoke_token, session):
        check(Rules("DEMO", **rules), ticket(**said), revoke_token, "film", session, NOW)

    @pytest.mark.parametrize(
        ("rules", "said", "session", "outcome"),
        [
            ({}, {"site": "ELSE"}, OPEN, Outcome.OTHER_TITLE),
            ({}, {"content": "other"}, OPEN, Outcome.OTHER_TITLE),
            ({}, {}, Session("other", None, revoked=False), Outcome.OTHER_TITLE),
            ({"known_sessions": False}, {}, Session("other", None, revoked=False), Outcome.OTHER_TITLE),
            ({}, {"expires": NOW}, OPEN, Outcome.EXPIRED),
            ({}, {}, Session("film", NOW, revoked=False), Outcome.EXPIRED),
            ({"longest_age": timedelta(minutes=29)}, {}, OPEN, Outcome.TOO_OLD),
            ({}, {"revoke_flag": True}, OPEN, Outcome.NO_REVOKE_TOKEN),
            ({}, {}, Session("film", None, revoked=True), Outcome.REVOKED),
            ({"known_sessions": False}, {}, Session("film", None, revoked=True), Outcome.REVOKED),
            ({}, {}, None, Outcome.UNKNOWN_SESSION),
        ],
    )
    def test_who_is_not(self, rules, said, session, outcome):
        assert refused(check, Rules("DEMO", **rules), ticket(**said), "", "film", session, NOW) is outcome


def test_documented_tokens_are_read_under_every_site_key():
    """They begin alike whatever they say, and with one key in some hundred as a COSE message does."""
    found = 0
    for number in range(600):
        keys = TokenKeys("DEMO", site_key=f"{number:032x}".encode())
        token = write_aes(ticket(), keys.site_key)
        found += token.startswith("0")
        assert read_token(token, keys).payload == bytes(7), keys.site_key
    assert found
