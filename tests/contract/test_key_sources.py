"""What every source of keys promises, asked of each: the vault, SPEKE, Widevine's JSON, keys handed over.

The key servers are real HTTP servers in another process. What they may get wrong is in `test_speke` and
`test_widevine_keys`.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import pytest
from tests.contract.keyserver_widevine import SIGNER, SIGNING_IV, SIGNING_KEY

from telecine.catalog import content_keys, sites
from telecine.catalog.content_keys import Actor
from telecine.core.drm import Label, Scheme
from telecine.core.errors import ErrorKind, TelecineError
from telecine.keys.config import chosen
from telecine.keys.cpix import read, write_keys
from telecine.keys.cpix_secrets import new_key_pair
from telecine.keys.fixed import FixedKeys
from telecine.keys.http import Patience
from telecine.keys.ring import KeyRing
from telecine.keys.vault import fresh_key

MULTI = (Label.SD, Label.HD, Label.UHD1, Label.UHD2, Label.AUDIO)
ME = Actor("me", "here")
IMPATIENT = Patience(try_seconds=2, tries=2, first_pause=0.01)
KINDS = ["vault", "speke", "speke 2.1", "speke encrypted", "widevine"]
SIGNING = {"signer": SIGNER, "signing_key": SIGNING_KEY.hex(), "signing_iv": SIGNING_IV.hex()}


@cache
def key_pair() -> dict[str, str]:
    return dict(zip(("private_key", "certificate"), new_key_pair("test"), strict=True))


@dataclass
class Site:
    """A site with its ring; `choose` puts its source at another server of the same kind."""

    ring: KeyRing
    choose: Callable[[str], None]


@pytest.fixture
def make_site(database, sealer, key_server):
    def make(kind: str, site_id: str = "DEMO") -> Site:
        ring = KeyRing(database, sealer, site_id, IMPATIENT)
        protocol = kind.split()[0]

        def choose(mode):
            more = {
                "vault": {"kind": "vault"},
                "speke": {"kind": "speke"},
                "speke 2.1": {"kind": "speke", "version": "2.1"},
                "speke encrypted": {"kind": "speke", **key_pair()},
                "widevine": {"kind": "widevine", **SIGNING},
            }[kind]
            url = key_server.url(protocol, f"encrypted-{mode}" if kind.endswith("encrypted") else mode)
            ring.choose(chosen(more if kind == "vault" else more | {"url": url}), ME)

        choose("good")
        return Site(ring, choose)

    return make


@pytest.fixture(params=[*KINDS, "fixed"])
def source(request, make_site):
    """Every kind of source."""
    if request.param != "fixed":
        return make_site(request.param).ring
    document = write_keys("film", [fresh_key(label) for label in Label])
    return FixedKeys.from_cpix(document.encode())


@pytest.fixture(params=KINDS)
def site(request, make_site):
    """Every kind of source that belongs to a site."""
    return make_site(request.param)


@pytest.mark.parametrize("scheme", Scheme)
def test_every_label_has_a_key_and_a_kid_of_its_own(source, scheme):
    keys = source.keys_for("film", MULTI, scheme)
    assert set(keys) == set(MULTI)
    assert all(key.label is label for label, key in keys.items())
    assert len({key.kid for key in keys.values()}) == len({key.key for key in keys.values()}) == len(MULTI)
    assert {len(key.iv) for key in keys.values()} == {16}


def test_one_key_for_all_tracks(source):
    keys = source.keys_for("film", [Label.ALL], Scheme.CBCS)
    assert list(keys) == [Label.ALL]
    assert keys[Label.ALL].label is Label.ALL


def test_the_same_content_gets_the_same_keys_whoever_asks_for_what(source):
    first = source.keys_for("film", MULTI, Scheme.CENC)
    assert source.keys_for("film", MULTI, Scheme.CENC) == first
    again = source.keys_for("film", {Label.AUDIO, Label.HD}, Scheme.CENC)
    assert again == {label: first[label] for label in (Label.AUDIO, Label.HD)}


def test_both_schemes_share_kids_and_keys(source):
    cenc = source.keys_for("film", MULTI, Scheme.CENC)
    cbcs = source.keys_for("film", MULTI, Scheme.CBCS)
    assert {label: (key.kid, key.key) for label, key in cenc.items()} == {
        label: (key.kid, key.key) for label, key in cbcs.items()
    }
    assert source.keys_for("film", MULTI, Scheme.CBCS) == cbcs


def test_a_key_is_found_by_its_kid(source):
    key = source.keys_for("film", [Label.SD], Scheme.CENC)[Label.SD]
    found = source.key(key.kid)
    assert (found.label, found.kid, found.key, found.iv) == (key.label, key.kid, key.key, key.iv)
    assert source.key(b"?" * 16) is None


def test_workers_that_ask_at_once_get_the_same_keys(source):
    crowd = 6
    barrier = threading.Barrier(crowd)

    def ask(number):
        barrier.wait()
        return source.keys_for("film", MULTI if number % 2 else MULTI[::-1], Scheme.CBCS)

    with ThreadPoolExecutor(crowd) as pool:
        answers = list(pool.map(ask, range(crowd)))
    assert all(answer == answers[0] for answer in answers)


def test_no_key_shows_itself(source):
    keys = source.keys_for("film", MULTI, Scheme.CENC)
    for key in keys.values():
        assert key.key.hex() not in repr(keys)
        assert str(key.key) not in repr(keys)
        assert repr(key.key)[2:-1] not in repr(keys)


def test_contents_share_no_key(site):
    one, other = (site.ring.keys_for(content, MULTI, Scheme.CENC) for content in ("film", "series/1"))
    assert not {key.key for key in one.values()} & {key.key for key in other.values()}
    assert not {key.kid for key in one.values()} & {key.kid for key in other.values()}


def test_what_was_answered_is_kept_for_when_the_server_is_away(site):
    keys = site.ring.keys_for("film", MULTI, Scheme.CENC)
    site.choose("down")
    assert site.ring.keys_for("film", MULTI, Scheme.CENC) == keys
    assert site.ring.key(keys[Label.HD].kid).key == keys[Label.HD].key


def test_a_rotation_brings_new_keys_and_loses_no_old_one(site):
    old = site.ring.keys_for("film", MULTI, Scheme.CENC)
    site.choose("rotated")
    site.ring.rotate("film", ME)
    new = site.ring.keys_for("film", MULTI, Scheme.CENC)
    assert not {key.kid for key in old.values()} & {key.kid for key in new.values()}
    assert not {key.key for key in old.values()} & {key.key for key in new.values()}
    for key in (*old.values(), *new.values()):
        assert site.ring.key(key.kid).key == key.key


def test_an_export_is_a_document_of_the_current_keys_and_is_written_down(site, database):
    old = site.ring.keys_for("film", MULTI, Scheme.CBCS)
    site.choose("rotated")
    site.ring.rotate("film", ME)
    new = site.ring.keys_for("film", MULTI, Scheme.CBCS)
    document = site.ring.export("film", Actor("someone", "office"))
    exported = FixedKeys.from_cpix(document.encode()).keys_for("film", MULTI, Scheme.CBCS)
    for label in MULTI:
        kept = new[label]
        assert (exported[label].kid, exported[label].key, exported[label].iv) == (kept.kid, kept.key, kept.iv)
        assert old[label].kid.hex() not in document.replace("-", "")
    assert read(document.encode()).content_id == "film"
    with database.read() as s:
        entry = content_keys.book(s, "DEMO")[0]
    assert (entry.action, entry.who, entry.origin, entry.content_id) == ("export", "someone", "office", "film")
    assert entry.detail == {"kids": sorted(key.kid.hex() for key in new.values())}


def test_what_has_no_keys_is_neither_exported_nor_rotated(site, database):
    with database.read() as s:
        before = len(content_keys.book(s, "DEMO"))
    for call in (site.ring.export, site.ring.rotate):
        with pytest.raises(TelecineError) as caught:
            call("film", ME)
        assert caught.value.kind is ErrorKind.NOT_FOUND
    with database.read() as s:
        assert len(content_keys.book(s, "DEMO")) == before


def test_sites_do_not_see_each_others_keys(site, make_site, database, sealer):
    with database.write() as s:
        sites.create(s, sealer, "ELSE")
    key = site.ring.keys_for("film", [Label.SD], Scheme.CENC)[Label.SD]
    stranger = make_site("vault", "ELSE").ring
    assert stranger.key(key.kid) is None
    with pytest.raises(TelecineError):
        stranger.export("film", ME)


def test_another_source_gives_other_keys_from_then_on(make_site):
    ring = make_site("vault").ring
    keys = [ring.keys_for("film", [Label.SD], Scheme.CENC)[Label.SD]]
    for kind in ("speke", "widevine", "vault"):
        keys.append(make_site(kind).ring.keys_for("film", [Label.SD], Scheme.CENC)[Label.SD])
    assert len({key.key for key in keys}) == 4
    assert [ring.key(key.kid).key for key in keys] == [key.key for key in keys]


def test_a_change_of_source_is_written_down_without_its_secrets(make_site, database):
    make_site("speke encrypted")
    with database.read() as s:
        entry = content_keys.book(s, "DEMO")[0]
    assert entry.action == "source"
    assert entry.detail["kind"] == "speke"
    assert entry.detail["private_key"] == "********"
