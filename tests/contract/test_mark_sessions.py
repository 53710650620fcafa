"""Viewers' sessions as rows, on both databases: drawn at random, kept for ever, found again."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import cbor2
import pytest
from tests.marked import add_title

from telecine.catalog import detections, mark_sessions, marks, packaging_sites, session_keys, sites
from telecine.catalog.clock import utcnow
from telecine.catalog.mark_models import AkamaiKey, MarkedTitle, MarkSession
from telecine.catalog.mark_sessions import NewSession, SessionFilter
from telecine.catalog.packaging_sites import PackagingTerms
from telecine.catalog.session_tokens import token_of
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.policy import MarkingPolicy, SessionCode
from telecine.core.watermark.report import bits_of
from telecine.core.watermark.sequence import derive_key
from telecine.core.watermark.ticket import TokenRefused, variant_of
from telecine.core.watermark.token_text import from_base64url, to_base64url
from telecine.core.watermark.tokens import TokenForm, read_token, token_digest

NEW = NewSession("film", "dash", "ann")


@pytest.fixture
def title(database, make_job):
    """DEMO has published `film` with marks."""
    job = make_job(content_id="film")
    with database.write() as s:
        add_title(s, job.id, positions=200)


@pytest.fixture
def opened(database, sealer, title):
    """Opens sessions; keyword arguments replace what is asked for."""

    def make(now=None, **changes):
        asked = {name: getattr(NEW, name) for name in NEW.__slots__} | changes
        with database.write() as s:
            return mark_sessions.open_session(s, sealer, "DEMO", NewSession(**asked), now or utcnow())

    return make


def refused(make, **changes):
    with pytest.raises(TelecineError) as caught:
        make(**changes)
    return caught.value.kind, caught.value.field


def count(database):
    with database.read() as s:
        return s.query(MarkSession).count()


def found(database, **wanted):
    with database.read() as s:
        total, rows = mark_sessions.search(s, "DEMO", SessionFilter(**wanted), utcnow())
    return total, [row.forensic_mark for row in rows]


class TestOpening:
    def test_many_at_once_are_all_different(self, database, opened):
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda _: opened(), range(12)))
        for name in ("session", "payload", "token_digest"):
            assert len({getattr(one.row, name) for one in made}) == 12
        assert count(database) == 12

    def test_payloads_are_drawn_evenly(self, opened):
        """Each of 56 bits is set about half of the time: a bound that fair coins miss once in 10^9 runs."""
        words = [int(opened().row.payload, 16) for _ in range(40)]
        assert all(1 <= sum(word >> place & 1 for word in words) <= 39 for place in range(56))

    @pytest.mark.parametrize("code", list(SessionCode))
    @pytest.mark.parametrize("direct", [False, True])
    def test_a_token_gives_the_variants_that_a_detection_looks_for(self, database, sealer, opened, code, direct):
        made = opened(code=code, form=TokenForm.CWT, direct=direct)
        with database.read() as s:
            keys = session_keys.token_keys(s, sealer, "DEMO").for_reading()
            secret = marks.secret(s, sealer, "DEMO")

        def sequence(family):
            assert not direct, "the variants are in the token"
            return derive_key(secret, "DEMO", "film", family)

        ticket = read_token(made.token, keys)
        served = [variant_of(ticket, position, 1, sequence) for position in range(200)]
        wanted = bits_of(
            code, made.row.session, made.row.payload, 200, lambda family: derive_key(secret, "DEMO", "film", family)
        )
        assert served == wanted.tolist()

    @pytest.mark.parametrize("form", [TokenForm.JWT, TokenForm.CWT])
    def test_a_token_under_a_shared_key(self, database, sealer, opened, form):
        made = opened(form=form, shared=True)
        with database.read() as s:
            keys = session_keys.token_keys(s, sealer, "DEMO")
        assert read_token(made.token, replace(keys, public=b"")).payload.hex() == made.row.payload
        with pytest.raises(TokenRefused):
            read_token(made.token, replace(keys, shared=b""))

    def test_detections_see_it(self, database, opened):
        made = opened(code=SessionCode.UP_TO_6)
        with database.read() as s:
            assert detections.codes_in_use(s, "DEMO", "film") == [SessionCode.UP_TO_6]
            blocks = list(detections.session_blocks(s, "DEMO", "film", SessionCode.UP_TO_6))
        assert blocks == [([made.row.session], [made.row.payload])]

    def test_its_token_is_kept_sealed(self, database, sealer, opened):
        made = opened()
        with database.read() as s:
            row = mark_sessions.get(s, "DEMO", made.row.session)
        assert made.token not in f"{row.token_sealed} {row.token_digest}"
        assert token_of(sealer, row) == made.token

    def test_a_site_says_whether_claims_of_the_draft_are_read(self, database, sealer):
        with database.write() as s:
            assert not session_keys.token_keys(s, sealer, "DEMO").draft_claims
            marks.set_policy(s, "DEMO", MarkingPolicy(draft_claims=True))
            assert session_keys.token_keys(s, sealer, "DEMO").for_reading().draft_claims

    def test_policy_and_form(self, database, opened):
        assert (opened().row.code, opened().row.form) == ("delivery", "aes")
        assert opened(direct=True).row.form == "cwt"
        with database.write() as s:
            marks.set_policy(s, "DEMO", MarkingPolicy(code=SessionCode.UP_TO_4))
        assert (opened().row.code, opened().row.form) == ("up_to_4", "cwt")

    def test_expiry(self, opened):
        now = utcnow()
        assert opened(now).row.expires is None
        assert opened(now, form=TokenForm.JWT).row.expires == now + timedelta(hours=24)
        assert opened(now, seconds=60).row.expires == now + timedelta(seconds=60)

    @pytest.mark.parametrize(
        ("changes", "kind", "field"),
        [
            ({"content_id": "other"}, ErrorKind.FIELD_INVALID, "content_id"),
            ({"content_id": "\0"}, ErrorKind.FIELD_INVALID, "content_id"),
            ({"streaming_format": "hls"}, ErrorKind.FIELD_INVALID, "streaming_format"),
            ({"streaming_format": "cmaf"}, ErrorKind.FIELD_INVALID, "streaming_format"),
            ({"forensic_mark": " "}, ErrorKind.FIELD_INVALID, "forensic_mark"),
            ({"forensic_mark": "a\nb"}, ErrorKind.FIELD_INVALID, "forensic_mark"),
            ({"forensic_mark": "a" * 255}, ErrorKind.FIELD_OUT_OF_RANGE, "forensic_mark"),
            ({"forensic_mark": "é" * 128}, ErrorKind.FIELD_OUT_OF_RANGE, "forensic_mark"),
            ({"code": SessionCode.UNIFORM, "form": TokenForm.AES}, ErrorKind.FIELD_INVALID, "form"),
            ({"direct": True, "form": TokenForm.AES}, ErrorKind.FIELD_INVALID, "direct"),
            ({"shared": True, "form": TokenForm.AES}, ErrorKind.FIELD_INVALID, "shared"),
            ({"form": TokenForm.AKAMAI}, ErrorKind.KEYS_REFUSED, "akamai_key"),
            ({"seconds": 0}, ErrorKind.FIELD_OUT_OF_RANGE, "seconds"),
            ({"seconds": 10**10}, ErrorKind.FIELD_OUT_OF_RANGE, "seconds"),
        ],
    )
    def test_what_is_refused_opens_nothing(self, database, opened, changes, kind, field):
        assert refused(opened, **changes) == (kind, field)
        assert count(database) == 0

    def test_titles_without_trees(self, database, opened):
        with database.write() as s:
            s.get_one(MarkedTitle, ("DEMO", "film")).formats = []
        assert refused(opened) == (ErrorKind.FIELD_INVALID, "content_id")

    def test_a_trial_of_just_so_many_whoever_asks_at_once(self, database, opened):
        with database.write() as s:
            sites.configure(s, "DEMO", trial_limit=5)
            packaging_sites.put(s, "DEMO", PackagingTerms(trial_sessions=3))

        def one(_):
            try:
                return bool(opened())
            except TelecineError as error:
                return error.kind

        with ThreadPoolExecutor(6) as pool:
            assert Counter(pool.map(one, range(6))) == {True: 3, ErrorKind.SESSION_LIMIT: 3}
        assert count(database) == 3

    def test_a_site_that_is_out_of_service_or_not_there(self, database, sealer, opened):
        with database.write() as s:
            sites.configure(s, "DEMO", in_service=False)
        assert refused(opened)[0] is ErrorKind.OUT_OF_SERVICE
        with database.write() as s, pytest.raises(TelecineError) as caught:
            mark_sessions.open_session(s, sealer, "NONE", NEW, utcnow())
        assert caught.value.kind is ErrorKind.NOT_FOUND


class TestFinding:
    def test_filters_and_pages(self, database, opened):
        now = utcnow()
        for number, mark in enumerate(("ann", "bob", "ann", "eve")):
            opened(now + timedelta(hours=number - 5), forensic_mark=mark)
        assert found(database) == (4, ["eve", "ann", "bob", "ann"])
        assert found(database, forensic_mark="ann") == (2, ["ann", "ann"])
        assert found(database, content_id="film", page_unit=3, page_index=2) == (4, ["ann"])
        assert found(database, content_id="other") == (0, [])
        assert found(database, from_time=now - timedelta(hours=4), to_time=now - timedelta(hours=2)) == (
            2,
            ["ann", "bob"],
        )
        assert found(database, forensic_mark="\0") == (0, [])

    def test_by_token_however_it_is_spelled(self, database, sealer, opened):
        made = opened(form=TokenForm.CWT, code=SessionCode.UNIFORM)
        message = cbor2.loads(from_base64url(made.token))
        message.value[1][99] = b"nobody signs this"
        unsigned = to_base64url(cbor2.dumps(message))
        assert token_digest(unsigned) != made.row.token_digest
        with database.read() as s:
            for spelled in (made.token, made.token + "=" * (-len(made.token) % 4), unsigned):
                assert mark_sessions.by_token(s, sealer, "DEMO", spelled).session == made.row.session
            ticket = read_token(made.token, session_keys.token_keys(s, sealer, "DEMO"))
            assert mark_sessions.of_token(s, "DEMO", "another", ticket).session == made.row.session
            assert mark_sessions.of_token(s, "DEMO", "another") is None
            assert mark_sessions.of_token(s, "OTHR", made.token, ticket) is None
            with pytest.raises(TokenRefused):
                mark_sessions.by_token(s, sealer, "DEMO", "another")

    def test_everything_in_blocks(self, database, opened, monkeypatch):
        monkeypatch.setattr(mark_sessions, "BLOCK", 2)
        made = [opened().row.session for _ in range(5)]
        with database.read() as s:
            assert [row.session for row in mark_sessions.every(s, "DEMO")] == made
            assert [row.session for row in mark_sessions.every(s, "DEMO", "film")] == made
            assert list(mark_sessions.every(s, "DEMO", "other")) == []


class TestRevoking:
    def test_one(self, database, opened):
        made, now = opened(), utcnow()
        for later in (0, 60):
            with database.write() as s:
                row = mark_sessions.get(s, "DEMO", made.row.session)
                mark_sessions.revoke(row, now + timedelta(seconds=later))
        with database.read() as s:
            assert mark_sessions.get(s, "DEMO", made.row.session).revoked == now
        assert found(database, live=True) == (0, [])
        assert found(database, live=False) == (1, ["ann"])

    def test_all_of_a_viewer(self, database, opened):
        for mark in ("ann", "bob", "ann"):
            opened(forensic_mark=mark)
        with database.write() as s:
            ended = [mark_sessions.revoke_viewer(s, "DEMO", mark, utcnow()) for mark in ("ann", "ann", "nobody", "\0")]
        assert ended == [2, 0, 0, 0]
        assert found(database, live=True) == (1, ["bob"])

    def test_a_session_that_is_not_there(self, database, title):
        with database.read() as s:
            for session in ("0" * 32, "x", "\0"):
                with pytest.raises(TelecineError) as caught:
                    mark_sessions.get(s, "DEMO", session)
                assert caught.value.kind is ErrorKind.NOT_FOUND


class TestAkamaiKeys:
    @pytest.mark.parametrize(("pem", "password"), [(b"nonsense", "x"), (b"", "x"), (b"", "")])
    def test_what_is_no_key_is_not_kept(self, database, sealer, pem, password):
        with pytest.raises(TelecineError) as caught, database.write() as s:
            session_keys.set_akamai(s, sealer, "DEMO", pem, password)
        assert (caught.value.kind, caught.value.field) == (ErrorKind.FIELD_INVALID, "akamai_key")
        with database.read() as s:
            assert s.get(AkamaiKey, "DEMO") is None

    def test_trial_limits_are_not_negative(self, database):
        with pytest.raises(TelecineError) as caught, database.write() as s:
            packaging_sites.put(s, "DEMO", PackagingTerms(trial_sessions=-1))
        assert caught.value.field == "trial_sessions"
