"""The edge over HTTP: each viewer gets the variants that his token says, and nobody gets anything else."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy.exc import OperationalError
from tests.edges import DOCUMENTED, PREFIX, SESSION, SITE, TREES, Stage, stage_in, url

from telecine.apis.packaging.addresses import session_url
from telecine.catalog import mark_sessions, session_keys, session_opening, sites
from telecine.catalog.mark_models import MarkedTitle, MarkSession
from telecine.catalog.session_opening import NewSession
from telecine.core import layout
from telecine.core.watermark.bias import Family
from telecine.core.watermark.delivery_format import DeliveryFormat
from telecine.core.watermark.pace_info import rendition_sidecar
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.sequence import bit, pattern
from telecine.core.watermark.token_aes import write_aes
from telecine.core.watermark.token_cwt import write_cwt
from telecine.core.watermark.token_jwt import write_jwt
from telecine.core.watermark.token_keys import derive_token_keys
from telecine.core.watermark.tokens import TokenForm

CYCLE = "100010000 01010000 10110110 01011000 11101110 00010011 11100001 00110011".replace(" ", "")
GOLDEN = "0000" + CYCLE
"""The documented example: payload 50b658ee13e133 from segment 0 on."""
LATER = datetime(2099, 1, 1, tzinfo=UTC)
FIRST = "dash/video/avc1/1/seg-4.m4s"
"""The first segment of the example in variant 1."""
SECOND = "vod/film/dash/video/avc1/1/b.seg-4.m4s"
"""What is served there."""


@pytest.fixture
def stage(tmp_path) -> Stage:
    return stage_in(tmp_path)


def variant(key: str) -> str:
    """Which variant a made-up file is, by the key that it holds."""
    return "1" if key.rpartition("/")[2].startswith(layout.UNLISTED) or key.startswith("1/") else "0"


def stream(client, token, plan, kind, count=69):
    """The variants that a viewer is served, segment by segment, of the first rendition."""
    tree = next(tree for tree in plan.trees if tree.folder == kind)
    track = layout.track_files(plan, tree)["v0"]
    answers = [client.get(url(token, f"{kind}/{track.at(position)}")) for position in range(count)]
    assert {answer.status_code for answer in answers} == {200}
    return "".join(variant(answer.text) for answer in answers)


@pytest.mark.parametrize("kind", ["unlabeled", "prefixed"])
@pytest.mark.parametrize(("tree", "streaming_format"), [("dash", "dash"), ("hls", "hls"), ("cmaf", "dash")])
def test_the_documented_example_bit_by_bit(stage, kind, tree, streaming_format):
    plan = stage.publish(kind, positions=69)
    token = stage.open(stage.aes(streaming_format=streaming_format))
    assert stream(stage.client(), token, plan, tree) == GOLDEN


@pytest.mark.parametrize("kind", ["unlabeled", "prefixed"])
@pytest.mark.parametrize("code", [SessionCode.UNIFORM, SessionCode.UP_TO_4, SessionCode.UP_TO_6])
@pytest.mark.parametrize("form", ["jwt", "cwt"])
def test_sequences_are_those_that_the_detector_computes(stage, kind, code, form):
    plan = stage.publish(kind, trees=TREES[:2], positions=80)
    said = stage.ticket(
        code=code,
        payload=b"",
        session=SESSION,
        content="film",
        expires=LATER,
        pattern_bits=80,
    )
    token = write_jwt(said, stage.token_keys()) if form == "jwt" else write_cwt(said, stage.token_keys())
    stage.open(token, code=code.value)
    key = stage.keys()(Family(code.value))
    wanted = "".join(str(int(bit(key, SESSION, position))) for position in range(80))
    for tree in ("dash", "hls"):
        assert stream(stage.client(), token, plan, tree, 80) == wanted


def test_a_pattern_that_travels_in_the_token_is_served_as_it_is(stage):
    plan = stage.publish(trees=TREES[:1], positions=80)
    key = stage.keys()(Family.UP_TO_4)
    said = stage.ticket(
        code=SessionCode.UP_TO_4, payload=b"", session=SESSION, content="film",
        expires=LATER, pattern=pattern(key, SESSION, 20), pattern_bits=20,
    )  # fmt: skip
    token = stage.open(write_cwt(said, stage.token_keys(), nonce=bytes(12)), code="up_to_4")
    wanted = "".join(str(int(bit(key, SESSION, position % 20))) for position in range(80))
    assert stream(stage.client(), token, plan, "dash", 80) == wanted


def test_two_viewers_at_once_get_their_own_variants(stage):
    """Everything that the edge remembers is shared between viewers, and never the choice."""
    plan = stage.publish(trees=TREES[:1], positions=69)
    tokens = [
        stage.open(stage.aes(payload=payload), payload=payload, session=f"{number:032x}")
        for number, payload in enumerate((DOCUMENTED, bytes(7), bytes(7 * [255])))
    ]
    client = stage.client()
    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda token: stream(client, token, plan, "dash"), tokens * 2))
    assert got == 2 * [GOLDEN, "0000100010000" + 56 * "0", "0000100010000" + 56 * "1"]
    pieces = client.get("/metrics").text
    assert f'telecine_edge_requests_total{{outcome="served"}} {float(6 * 69)}' in pieces


@pytest.mark.parametrize("kind", ["unlabeled", "prefixed"])
def test_everything_but_pictures_is_the_same_for_everybody(stage, kind):
    stage.publish(kind)
    token = stage.open(stage.aes())
    client = stage.client()
    before = "" if kind == "unlabeled" else "0/"
    for name, content_type in (
        ("dash/stream.mpd", "application/dash+xml"),
        ("dash/video/avc1/1/init.mp4", "video/mp4"),
        ("dash/audio/en/mp4a/1/seg-7_init.m4s", "video/iso.segment"),
        ("dash/subtitle/en/subtitle.vtt", "text/vtt; charset=utf-8"),
        ("hls/master.m3u8", "application/vnd.apple.mpegurl"),
        ("hls/video/avc1/1/stream.m3u8", "application/vnd.apple.mpegurl"),
        ("hls/audio/en/mp4a/1/segment-7.aac", "audio/aac"),
        ("cmaf/subtitle/en/seg-7_init.m4s", "video/iso.segment"),
    ):
        for asked in {name, before + name}:
            answer = client.get(url(token, asked))
            assert (answer.status_code, answer.text) == (200, before + name)
            assert answer.headers["content-type"] == content_type


class TestHttp:
    @pytest.fixture
    def token(self, stage):
        stage.publish()
        return stage.open(stage.aes())

    def test_parts_heads_and_conditions(self, stage, token):
        client, at = stage.client(), url(token, FIRST)
        whole = client.get(at)
        body, etag = whole.content, whole.headers["etag"]
        assert body == b"dash/video/avc1/1/b.seg-4.m4s"
        assert whole.headers["accept-ranges"] == "bytes"
        head = client.head(at)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-length", "etag", "content-type", "cache-control"):
            assert head.headers[name] == whole.headers[name]
        for asked, start, end in (("2-5", 2, 6), ("5-", 5, len(body)), ("-4", len(body) - 4, len(body))):
            part = client.get(at, headers={"Range": f"bytes={asked}"})
            assert (part.status_code, part.content) == (206, body[start:end])
            assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(body)}"
        beyond = client.get(at, headers={"Range": "bytes=1000-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(body)}")
        same = client.get(at, headers={"If-None-Match": etag})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        assert client.get(at, headers={"If-Range": '"other"', "Range": "bytes=0-1"}).content == body
        assert client.get(at, headers={"If-Match": '"other"'}).status_code == 412

    def test_large_files_come_whole_and_in_parts_across_pieces(self, stage, token):
        large = bytes(range(256)) * 12_000
        stage.store.upload(large, SECOND, "")
        for memory in (0, 2**20, 2**30):
            client = stage.client(edge_cache_bytes=memory)
            for _ in range(2):
                assert client.get(url(token, FIRST)).content == large
                part = client.get(url(token, FIRST), headers={"Range": "bytes=1000000-2200000"})
                assert part.content == large[1_000_000:2_200_001]

    def test_no_shared_cache_may_keep_what_is_one_viewers(self, stage, token):
        client = stage.client()
        for name in (FIRST, "dash/stream.mpd", "dash/video/avc1/1/init.mp4"):
            assert client.get(url(token, name)).headers["cache-control"].startswith("private")
        assert client.get(url(token, "dash/none.mpd")).headers["cache-control"] == "no-store"
        assert client.get(url("nonsense", FIRST)).headers["cache-control"] == "no-store"

    def test_headers_do_not_tell_variants_apart(self, stage, token):
        client = stage.client()
        for number in (3, 4, 5):
            answer = client.get(url(token, f"dash/video/avc1/1/seg-{number}.m4s"))
            assert "last-modified" not in answer.headers
            assert not any("b." in value for value in answer.headers.values())
        stored = stage.store.head(SECOND)
        assert stored is not None
        assert stored.etag not in client.get(url(token, FIRST)).headers["etag"]

    def test_pages_may_read_and_ask_for_parts(self, stage, token):
        client = stage.client()
        asked = {"Origin": "https://player.example", "Access-Control-Request-Headers": "range"}
        preflight = client.options(url(token, FIRST), headers=asked | {"Access-Control-Request-Method": "GET"})
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-headers"] == "*"
        for at in (url(token, FIRST), url(token, "dash/none.mpd"), url("nonsense", FIRST)):
            assert client.get(at, headers=asked).headers["access-control-allow-origin"] == "*"
        narrow = stage.client(cors_origins=["https://player.example"])
        assert narrow.get(url(token, FIRST), headers=asked).headers["access-control-allow-origin"] == asked["Origin"]
        other = narrow.get(url(token, FIRST), headers={"Origin": "https://other.example"})
        assert "access-control-allow-origin" not in other.headers
        assert other.headers["vary"] == "Origin"

    def test_files_are_only_read(self, stage, token):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = stage.client().request(method, url(token, FIRST))
            assert answer.status_code == 405
            assert answer.json()["error"] == "method"

    def test_an_edge_says_that_it_is_well_and_what_it_did(self, stage, token):
        client = stage.client()
        assert client.get("/health/ready").json() == {"status": "ready"}
        client.get(url(token, FIRST))
        client.get(url(token, FIRST))
        client.get(url("nonsense", FIRST))
        told = client.get("/metrics").text
        for line in (
            'telecine_edge_requests_total{outcome="served"} 2.0',
            'telecine_edge_requests_total{outcome="bad_token"} 1.0',
            'telecine_edge_pieces_total{from="memory"} 1.0',
            'telecine_edge_pieces_total{from="storage"} 1.0',
            f"telecine_edge_bytes_total {float(2 * len('dash/video/avc1/1/b.seg-4.m4s'))}",
        ):
            assert line in told

    def test_logs_hold_no_token(self, stage, token, capsys, caplog):
        client = stage.client()
        with caplog.at_level(logging.DEBUG):
            for at in (FIRST, "dash/none.mpd", "dash/b.x", "dash/../x"):
                client.get(url(token, at).replace("..", "%2e%2e"))
                client.get(f"/other/{token}/vod/film/{at}")
        said = "".join(capsys.readouterr()) + "".join(
            record.getMessage() for record in caplog.records if record.name != "httpx"
        )
        assert "dash/video/avc1/1/seg-4.m4s" in said
        assert token not in said
        assert token[:20] not in said


def told(answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json()["error"]


class TestWhoIsRefused:
    @pytest.fixture(autouse=True)
    def published(self, stage):
        stage.publish()

    def test_a_token_that_is_too_old(self, stage):
        token = stage.open(stage.aes())
        stage.clock.turn(30 * 60)
        assert stage.client(edge_available_minutes=30).get(url(token, FIRST)).status_code == 200
        stage.clock.turn(1)
        assert told(stage.client(edge_available_minutes=30).get(url(token, FIRST))) == (403, "too_old")
        assert stage.client().get(url(token, FIRST)).status_code == 200, "unless any age will do"

    def test_a_session_that_has_ended(self, stage):
        token = stage.open(stage.aes(), expires=LATER)
        assert stage.client().get(url(token, FIRST)).status_code == 200
        with stage.services.database.write() as s:
            s.query(MarkSession).update({"expires": stage.clock()})
        assert told(stage.client().get(url(token, FIRST))) == (403, "expired")

    def test_a_revoked_session_within_seconds_and_however_its_token_is_written(self, stage, monkeypatch):
        token = stage.open(stage.aes())
        client = stage.client()
        assert client.get(url(token, FIRST)).status_code == 200
        with stage.services.database.write() as s:
            s.query(MarkSession).update({"revoked": stage.clock()})
        other = stage.aes(streaming_format="hls")
        assert other != token
        for written in (token, token.rstrip("="), other, f"anything.{token}"):
            assert told(stage.client().get(url(written, FIRST))) == (403, "revoked")
        monkeypatch.setattr("telecine.edge.fresh.monotonic", lambda: time.monotonic() + 5)
        assert told(stage.client().get(url(token, FIRST))) == (403, "revoked")

    def test_a_token_that_wants_a_revoke_token_before_it(self, stage):
        token = stage.open(stage.aes(revoke_flag=True))
        client = stage.client()
        assert told(client.get(url(token, FIRST))) == (403, "no_revoke_token")
        assert client.get(url(f"REVOKE.{token}", FIRST)).status_code == 200

    def test_a_token_of_another_title_or_of_nobody(self, stage):
        stage.publish(content="other")
        token = stage.open(stage.aes(), content="other")
        client = stage.client()
        assert told(client.get(url(token, FIRST))) == (403, "other_title")
        assert client.get(url(token, FIRST, "other")).status_code == 200
        forged = stage.aes(payload=b"forged!")
        assert told(client.get(url(forged, FIRST))) == (403, "unknown_session")
        assert stage.client(edge_known_sessions=False).get(url(forged, FIRST)).status_code == 200

    def test_a_token_of_another_site(self, stage):
        with stage.services.database.write() as s:
            other = sites.create(s, stage.services.sealer, "ELSE")
            site_key = sites.site_key(stage.services.sealer, other)
        expires = LATER
        said = stage.ticket(site="ELSE", content="film", expires=expires, pattern_bits=64)
        keys = derive_token_keys(stage.secret, "ELSE", site_key)
        mine = replace(keys, site=SITE)
        client = stage.client()
        for token in (
            write_aes(said, keys.site_key),
            write_jwt(said, keys),
            write_cwt(said, keys),
            write_jwt(said, mine),
        ):
            stage_row = token  # the catalog even knows it, and still it is not this site's
            assert told(client.get(url(stage_row, FIRST)))[0] == 403

    def test_a_token_that_somebody_changed(self, stage):
        token = stage.open(stage.aes())
        expires = LATER
        signed = stage.ticket(content="film", expires=expires, pattern_bits=64)
        others = [write_jwt(signed, stage.token_keys()), write_cwt(signed, stage.token_keys())]
        client = stage.client()
        for good in others:
            assert client.get(url(good, FIRST)).status_code == 200
        for good in (token, *others):
            for at in range(0, len(good) - 3, max(1, len(good) // 60)):
                if good[at] in ".=":
                    continue
                changed = good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]
                assert told(client.get(url(changed, FIRST)))[0] == 403, (good, at)

    @pytest.mark.parametrize("token", ["x", "nonsense", "a.b.c", "%00", "=" * 40, "A" * 5000, "Ω", "..", "a" * 9000])
    def test_what_is_no_token(self, stage, token):
        for form in (f"/{PREFIX}/{token}/vod/film/{FIRST}", f"/wmt:{token}/vod/film/{FIRST}"):
            assert stage.client().get(form).status_code in (400, 403)

    @pytest.mark.parametrize(
        "path", ["/", "/x", f"/vod/film/{FIRST}", f"/files/output/vod/film/{FIRST}", f"/{PREFIX}", f"/{PREFIX}/"]
    )
    def test_nobody_gets_a_copy_without_a_token(self, stage, path):
        answer = stage.client().get(path)
        assert answer.status_code in (400, 403)
        assert set(answer.json()) == {"error", "reason"}


class TestWhatIsRefused:
    @pytest.mark.parametrize("kind", ["unlabeled", "prefixed"])
    @pytest.mark.parametrize(
        "name",
        [
            "dash/video/avc1/1/b.seg-4.m4s",
            "0/dash/video/avc1/1/b.seg-4.m4s",
            "dash/video/avc1/1/%62.seg-4.m4s",
            "dash/video/avc1/1/B.seg-4.m4s",
            "1/dash/video/avc1/1/seg-4.m4s",
            "1/dash/stream.mpd",
            "dash/video/avc1/1/WMPaceInfo/sidecar.cbor",
            "dash/video/avc1/1/WMPaceInfo/seg-4.m4s",
        ],
    )
    def test_what_only_edges_may_ask_for(self, stage, kind, name):
        stage.publish(kind)
        token = stage.open(stage.aes())
        answer = stage.client().get(url(token, name))
        assert told(answer) == (403, "hidden") or (kind, name[:2]) == ("unlabeled", "0/")
        assert answer.status_code in (403, 404)

    @pytest.mark.parametrize(
        "path",
        [
            "vod/film/%2e%2e/film/dash/stream.mpd",
            "vod/film/..%2f..%2fsecret",
            "vod/film%2fdash%2fstream.mpd",
            "vod//film/dash/stream.mpd",
            "vod/film/dash\\video\\avc1\\1\\b.seg-4.m4s",
            "vod/film/dash/video/avc1/1/seg-4.m4s%00",
            "vod/film/dash/video/avc1/1/b%2eseg-4.m4s",
            "vod/film/dash/video/avc1/1/x%2fb.seg-4.m4s",
            "vod/film/dash/video/avc1/1/SEG-4.M4S",
            "vod/film/dash/video/avc1/1/seg-04.m4s",
            "vod/film/dash/video/avc1/1/seg-4.m4s/",
            "vod/film/dash/video/avc1/1/seg-80.m4s",
            "vod/film/dash/video/avc1/1/seg-99999999999999999999.m4s",
            "vod/film/dash/video/avc1/1",
            "vod/film",
            "vod/none/dash/stream.mpd",
            "film/dash/stream.mpd",
            "vod/film/report.json",
            "secret.mpd",
            "vod/film/dash/" + 300 * "x" + ".mpd",
        ],
    )
    def test_no_way_around_the_names(self, stage, path):
        stage.publish()
        stage.store.upload(b"secret", "secret.mpd", "")
        stage.store.upload(b"secret", "vod/film/report.json", "")
        token = stage.open(stage.aes())
        answer = stage.client().get(f"/{PREFIX}/{token}/{path}")
        assert answer.status_code in (400, 403, 404)
        assert set(answer.json()) == {"error", "reason"}

    def test_where_variant_1_is_missing_nobody_is_given_variant_0_instead(self, stage):
        stage.publish()
        token = stage.open(stage.aes())
        stage.store.delete(["vod/film/dash/video/avc1/1/b.seg-4.m4s"])
        assert told(stage.client().get(url(token, FIRST))) == (404, "missing")

    def test_a_title_whose_trees_were_replaced_by_unmarked_ones_is_not_served(self, stage):
        stage.publish()
        token = stage.open(stage.aes())
        with stage.services.database.write() as s:
            s.query(MarkedTitle).update({"formats": ["hls"]})
        assert told(stage.client().get(url(token, FIRST))) == (404, "missing")

    def test_a_tree_whose_files_disagree_about_positions(self, stage):
        stage.publish()
        token = stage.open(stage.aes())
        sidecar = "vod/film/dash/video/avc1/{}/WMPaceInfo/sidecar.cbor"
        names = [f"seg-{number}.m4s" for number in range(8)]
        stage.store.upload(rendition_sidecar(names[1:]), sidecar.format(1), "")
        stage.store.upload(b"nonsense", sidecar.format(2), "")
        client = stage.client()
        assert told(client.get(url(token, FIRST))) == (500, "contradiction")
        assert told(client.get(url(token, FIRST.replace("/1/", "/2/")))) == (500, "contradiction")
        assert client.get(url(token, "dash/video/avc1/1/init.mp4")).status_code == 200

    def test_a_title_without_sidecars_goes_by_names(self, stage):
        plan = stage.publish(trees=TREES[:1], positions=69, with_sidecars=False)
        token = stage.open(stage.aes())
        assert stream(stage.client(), token, plan, "dash") == GOLDEN


@pytest.mark.parametrize("form", list(TokenForm))
@pytest.mark.parametrize("kind", ["unlabeled", "prefixed"])
def test_sessions_of_every_form_as_the_session_api_opens_them(stage, kind, form):
    """Each plays where its address leads, and not any more once it is revoked."""
    stage.publish(kind, trees=TREES[:1], path="customers/vod")
    database, sealer = stage.services.database, stage.services.sealer
    with database.write() as s:
        if form is TokenForm.AKAMAI:
            session_keys.set_akamai(s, sealer, SITE, rsa_pem(), "password")
        asked = NewSession("film", "dash", "someone", form, direct=form.names_sessions)
        opened = session_opening.open_session(s, sealer, SITE, asked, stage.clock())
    place = (opened.title.output_path, "film", opened.tree)
    at = urlsplit(
        session_url("https://cdn.example", "" if form is TokenForm.AKAMAI else PREFIX, opened.token, place, "dash")
    )
    manifest = stage.client().get(at.path)
    assert manifest.status_code == 200, manifest.text
    folder = at.path.rpartition("/")[0]
    answers = [stage.client().get(f"{folder}/video/avc1/1/seg-{number}.m4s") for number in range(8)]
    rule = DeliveryFormat()
    wanted = [str(int(rule.bit(bytes.fromhex(opened.row.payload), number))) for number in range(8)]
    assert [variant(answer.text.removeprefix("customers/vod/film/")) for answer in answers] == wanted
    with database.write() as s:
        mark_sessions.revoke(mark_sessions.get(s, SITE, opened.row.session), stage.clock())
    assert told(stage.client().get(at.path)) == (403, "revoked")


def rsa_pem() -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class TestWhenThingsChangeOrFail:
    def test_a_title_that_is_published_again_is_served_anew(self, stage, monkeypatch):
        stage.publish()
        token = stage.open(stage.aes())
        client = stage.client()
        first = client.get(url(token, FIRST))
        stage.store.upload(b"another cut", SECOND, "")
        monkeypatch.setattr("telecine.edge.fresh.monotonic", lambda: time.monotonic() + 5)
        second = client.get(url(token, FIRST), headers={"If-None-Match": first.headers["etag"]})
        assert (second.status_code, second.content) == (200, b"another cut")

    def test_a_file_that_is_replaced_at_this_moment_is_never_mixed(self, stage):
        """The size and tag that are told belong to the bytes that follow, also where memory says otherwise."""
        stage.publish()
        token = stage.open(stage.aes())
        client = stage.client(edge_cache_bytes=0)
        client.get(url(token, FIRST))
        stage.store.upload(b"another cut, and longer than what was there before", SECOND, "")
        answer = client.get(url(token, FIRST))
        assert answer.content == b"another cut, and longer than what was there before"
        assert int(answer.headers["content-length"]) == len(answer.content)

    def test_a_storage_that_is_gone(self, stage, tmp_path):
        stage.publish()
        token = stage.open(stage.aes())
        client = stage.client()
        buckets = stage.services.settings.buckets
        (buckets / "output").rename(buckets / "elsewhere")
        assert told(client.get(url(token, FIRST))) == (502, "storage")
        (buckets / "elsewhere").rename(buckets / "output")
        assert client.get(url(token, FIRST)).status_code == 200, "and nothing of it is remembered"

    def test_a_database_that_is_gone(self, stage, monkeypatch):
        stage.publish()
        token = stage.open(stage.aes())
        client = stage.client()

        def away(*_):
            raise OperationalError("", {}, Exception())

        monkeypatch.setattr("telecine.catalog.database.Database.read", away)
        assert told(client.get(url(token, FIRST))) == (503, "catalog")
        assert client.get("/health/ready").status_code == 503

    def test_a_site_without_any_marked_title(self, stage):
        assert told(stage.client().get(url("anything", FIRST))) == (404, "missing")
