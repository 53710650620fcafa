"""The vault and its table: keys that stay, keys that are rotated, keys that nobody else can open."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from telecine.catalog import content_keys, sites
from telecine.catalog.content_keys import Actor, Owner
from telecine.catalog.key_models import StoredKey
from telecine.catalog.seal import Sealer
from telecine.core.drm import ContentKey, Label, Scheme, Signal
from telecine.core.errors import ErrorKind, TelecineError
from telecine.keys.ring import KeyRing
from telecine.keys.vault import fresh_key

ALL_LABELS = frozenset(Label) - {Label.ALL}
ME = Actor("me", "here")
OWNER = Owner("DEMO", "film", "vault")


@pytest.fixture
def ring(database, sealer):
    return KeyRing(database, sealer, "DEMO")


def kinds_of(call):
    with pytest.raises(TelecineError) as caught:
        call()
    return caught.value.kind


def test_every_label_has_a_key_of_its_own(ring):
    keys = ring.keys_for("film", ALL_LABELS, Scheme.CENC)
    assert set(keys) == ALL_LABELS
    assert all(key.label is label for label, key in keys.items())
    for part in ("kid", "key", "iv"):
        assert len({getattr(key, part) for key in keys.values()}) == len(ALL_LABELS)
        assert {len(getattr(key, part)) for key in keys.values()} == {16}


def test_the_same_content_gets_the_same_keys_in_both_schemes_and_after_a_restart(ring, database, sealer):
    first = ring.keys_for("film", [Label.SD, Label.AUDIO], Scheme.CENC)
    assert ring.keys_for("film", [Label.AUDIO, Label.SD], Scheme.CBCS) == first
    again = KeyRing(database, sealer, "DEMO").keys_for("film", [Label.HD, Label.SD], Scheme.CENC)
    assert again[Label.SD] == first[Label.SD]
    assert again[Label.HD].kid not in {key.kid for key in first.values()}


def test_contents_and_sites_share_no_key(ring, database, sealer):
    with database.write() as s:
        sites.create(s, sealer, "ELSE")
    here = ring.keys_for("film", [Label.ALL], Scheme.CENC)[Label.ALL]
    other = ring.keys_for("Film", [Label.ALL], Scheme.CENC)[Label.ALL]
    elsewhere = KeyRing(database, sealer, "ELSE")
    there = elsewhere.keys_for("film", [Label.ALL], Scheme.CENC)[Label.ALL]
    assert len({here.key, other.key, there.key}) == len({here.kid, other.kid, there.kid}) == 3
    assert ring.key(here.kid) == here
    assert elsewhere.key(here.kid) is None
    assert ring.key(b"?" * 16) is None


def test_workers_that_ask_at_once_get_the_same_keys(ring):
    crowd = 8
    barrier = threading.Barrier(crowd)

    def ask(number):
        labels = sorted(ALL_LABELS, reverse=bool(number % 2))
        barrier.wait()
        return ring.keys_for("film", labels, Scheme.CENC)

    with ThreadPoolExecutor(crowd) as pool:
        answers = list(pool.map(ask, range(crowd)))
    assert all(answer == answers[0] for answer in answers)


def test_rotation_makes_new_versions_and_keeps_the_old_ones(ring, database):
    old = ring.keys_for("film", [Label.SD, Label.HD], Scheme.CENC)
    aside = ring.keys_for("other", [Label.SD], Scheme.CENC)
    rows = ring.rotate("film", ME)
    assert [key.label for key in rows] == [Label.SD, Label.HD]
    new = ring.keys_for("film", [Label.SD, Label.HD], Scheme.CENC)
    assert {key.kid for key in rows} == {key.kid for key in new.values()}
    assert not {key.key for key in new.values()} & {key.key for key in old.values()}
    for key in (*old.values(), *new.values()):
        assert ring.key(key.kid) == key
    assert ring.keys_for("other", [Label.SD], Scheme.CENC) == aside
    with database.read() as s:
        (entry,) = content_keys.book(s, "DEMO")
    assert (entry.action, entry.who, entry.origin, entry.content_id) == ("rotate", "me", "here", "film")
    assert entry.detail == {"retired_kids": sorted(key.kid.hex() for key in old.values())}


def test_two_rotations_at_once_leave_one_current_key(ring, database):
    ring.keys_for("film", [Label.ALL], Scheme.CENC)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ring.rotate("film", ME), range(4)))
    keys = {ring.keys_for("film", [Label.ALL], Scheme.CENC)[Label.ALL] for _ in range(3)}
    assert len(keys) == 1
    with database.read() as s:
        rows = content_keys.versions(s, "DEMO", "film")
    assert [row.version for row in rows] == list(range(1, len(rows) + 1))
    assert [row.retired_time is None for row in rows] == [False] * (len(rows) - 1) + [True]


def test_what_has_no_keys_cannot_be_rotated(ring, database):
    assert kinds_of(lambda: ring.rotate("film", ME)) is ErrorKind.NOT_FOUND
    with database.read() as s:
        assert content_keys.book(s, "DEMO") == []


@pytest.mark.parametrize(
    ("content_id", "kind"),
    [
        ("", ErrorKind.FIELD_MISSING),
        ("a\0b", ErrorKind.FIELD_INVALID),
        ("\ud800", ErrorKind.FIELD_INVALID),
        ("x" * 256, ErrorKind.FIELD_OUT_OF_RANGE),
    ],
)
def test_a_content_id_that_cannot_be_stored_is_refused(ring, content_id, kind):
    assert kinds_of(lambda: ring.keys_for(content_id, [Label.SD], Scheme.CENC)) is kind


def test_a_content_id_may_be_odd(ring):
    for content_id in ("a:b", "ünïcödé/ 電影", "%00", "'; DROP TABLE content_key; --", "x" * 255):
        key = ring.keys_for(content_id, [Label.SD], Scheme.CENC)[Label.SD]
        assert ring.keys_for(content_id, [Label.SD], Scheme.CBCS)[Label.SD] == key


def test_a_site_that_is_not_there_has_no_keys(database, sealer):
    nowhere = KeyRing(database, sealer, "NONE")
    assert kinds_of(lambda: nowhere.keys_for("film", [Label.SD], Scheme.CENC)) is ErrorKind.NOT_FOUND


def test_the_table_holds_no_plain_key_and_no_object_shows_one(ring, database):
    key = ring.keys_for("film", [Label.SD], Scheme.CENC)[Label.SD]
    with database.engine.connect() as connection:
        table = str(connection.execute(text("SELECT * FROM content_key")).all())
    assert key.key.hex() not in table
    assert str(key.key) not in repr(key)
    with database.read() as s:
        assert repr(content_keys.find(s, "DEMO", key.kid)) == f"StoredKey(DEMO, {key.kid.hex()})"


@pytest.mark.parametrize("change", ["label = 'SD'", "content_id = 'mine'", "version = 7", "kid = '" + "0" * 32 + "'"])
def test_a_key_does_not_open_in_another_row(ring, database, change):
    key = ring.keys_for("film", [Label.HD], Scheme.CENC)[Label.HD]
    with database.engine.begin() as connection:
        connection.execute(text(f"UPDATE content_key SET {change}"))
    kid = bytes(16) if change.startswith("kid") else key.kid
    assert kinds_of(lambda: ring.key(kid)) is ErrorKind.INTERNAL


def test_a_key_opens_under_its_own_master_key_only(ring, database):
    key = ring.keys_for("film", [Label.HD], Scheme.CENC)[Label.HD]
    assert kinds_of(lambda: KeyRing(database, Sealer(b"x" * 32), "DEMO").key(key.kid)) is ErrorKind.INTERNAL


def signal(pssh=b"box"):
    return Signal("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", pssh, "<x/>", "#EXT-X-KEY:METHOD=SAMPLE-AES", "")


def reserve(s, label=Label.SD, kid=b"k" * 16):
    return content_keys.reserve(s, OWNER, {label: (kid, b"i" * 16)})[label]


class TestKeysOfAServer:
    """Rows wait for their key; see tests/contract/test_key_sources.py for the servers themselves."""

    def test_a_reserved_key_is_no_key_yet(self, database):
        with database.write() as s:
            reserve(s)
        with database.read() as s:
            assert content_keys.find(s, "DEMO", b"k" * 16) is None
            assert content_keys.current(s, OWNER)[Label.SD].key_sealed is None

    def test_the_first_reservation_stays(self, database):
        with database.write() as s:
            reserve(s)
            assert reserve(s, kid=b"l" * 16).kid == (b"k" * 16).hex()
            assert [row.version for row in content_keys.versions(s, "DEMO", "film")] == [1]

    def test_an_answer_is_kept_with_its_signals_by_scheme(self, database, sealer):
        answer = ContentKey(Label.SD, b"k" * 16, b"s" * 16, b"j" * 16, (signal(),))
        with database.write() as s:
            row = content_keys.fill(s, sealer, reserve(s), answer, Scheme.CENC)
            assert row.iv == (b"i" * 16).hex()  # cenc has no constant IV
            row = content_keys.fill(s, sealer, row, answer, Scheme.CBCS)
        assert content_keys.opened(sealer, row, Scheme.CBCS) == answer
        assert content_keys.opened(sealer, row).signals == ()

    def test_a_second_key_for_one_kid_is_refused(self, database, sealer):
        answer = ContentKey(Label.SD, b"k" * 16, b"s" * 16)
        with database.write() as s:
            row = content_keys.fill(s, sealer, reserve(s), answer, Scheme.CENC)
            other = ContentKey(Label.SD, b"k" * 16, b"t" * 16)
            assert kinds_of(lambda: content_keys.fill(s, sealer, row, other, Scheme.CBCS)) is ErrorKind.KEYS_REFUSED

    def test_an_iv_stays_once_cbcs_was_asked_for(self, database, sealer):
        answers = [ContentKey(Label.SD, b"k" * 16, b"s" * 16, iv * 16) for iv in (b"1", b"2")]
        with database.write() as s:
            row = reserve(s)
            for answer in answers:
                row = content_keys.fill(s, sealer, row, answer, Scheme.CBCS)
        assert row.iv == (b"1" * 16).hex()

    def test_a_kid_names_one_key_of_a_site(self, database, sealer):
        taken = fresh_key(Label.SD)
        with database.write() as s:
            content_keys.add(s, sealer, OWNER, [taken])
            assert content_keys.add(s, sealer, OWNER, [taken])[Label.SD].version == 1
            for owner, label in ((OWNER, Label.HD), (Owner("DEMO", "other", "vault"), Label.SD)):
                key = ContentKey(label, taken.kid, b"x" * 16)
                add = lambda owner=owner, key=key: content_keys.add(s, sealer, owner, [key])  # noqa: E731
                assert kinds_of(add) is ErrorKind.CONFLICT

    def test_a_change_of_source_makes_the_next_version(self, database, sealer, ring):
        old = ring.keys_for("film", [Label.SD], Scheme.CENC)[Label.SD]
        owner = Owner("DEMO", "film", "speke")
        with database.write() as s:
            assert content_keys.current(s, owner) == {}
            row = content_keys.reserve(s, owner, {Label.SD: (b"k" * 16, b"i" * 16)})[Label.SD]
        assert row.version == 2
        assert ring.key(old.kid) == old


def test_the_book_and_the_lists_are_of_one_site(database, sealer, ring):
    with database.write() as s:
        sites.create(s, sealer, "ELSE")
        content_keys.write_down(s, "DEMO", ME, "export", content_id="film", detail={"kids": []})
    ring.keys_for("film", [Label.SD, Label.HD], Scheme.CENC)
    with database.read() as s:
        assert content_keys.book(s, "ELSE") == []
        assert content_keys.book(s, "DEMO")[0].time <= datetime.now(UTC)
        assert content_keys.newest(s, "ELSE", 10) == []
        assert len(content_keys.newest(s, "DEMO", 1)) == 1
        assert kinds_of(lambda: content_keys.newest(s, "NONE", 1)) is ErrorKind.NOT_FOUND
        assert kinds_of(lambda: content_keys.versions(s, "ELSE", "film")) is ErrorKind.NOT_FOUND
        assert isinstance(content_keys.versions(s, "DEMO", "film")[0], StoredKey)
