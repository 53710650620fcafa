"""Sites and accounts."""

import pytest

from telecine.catalog import sites
from telecine.core.errors import ErrorKind, TelecineError


def kind_of(call, *args, **values):
    with pytest.raises(TelecineError) as refused:
        call(*args, **values)
    return refused.value.kind


def test_a_site_begins_in_service_in_seoul(database, sealer):
    with database.write() as s:
        sites.create(s, sealer, "ab12")
    with database.read() as s:
        site = sites.get(s, "ab12")
        assert [site.site_id for site in sites.every(s)] == ["DEMO", "ab12"]
    assert (site.region, site.in_service, site.trial_limit, site.priority) == ("RG011", True, None, 3)
    assert len(sites.site_key(sealer, site)) == 32
    assert site.site_key_sealed != sites.site_key(sealer, site)


def test_a_site_id_is_four_alphanumerics_and_unique(database, sealer):
    with database.write() as s:
        for bad in ("", "ABC", "ABCDE", "AB-1", "АБВГ", "ABC\n"):
            assert kind_of(sites.create, s, sealer, bad) is ErrorKind.FIELD_INVALID
        assert kind_of(sites.create, s, sealer, "DEMO") is ErrorKind.CONFLICT
        assert kind_of(sites.get, s, "demo") is ErrorKind.NOT_FOUND
        assert kind_of(sites.get, s, "\0") is ErrorKind.NOT_FOUND


def test_the_operator_can_change_a_site(database):
    with database.write() as s:
        sites.set_region(s, "DEMO", "RG004")
        sites.configure(s, "DEMO", in_service=False, trial_limit=2, show_storage_secrets=True, priority=1)
        assert kind_of(sites.configure, s, "DEMO", priority=6) is ErrorKind.FIELD_OUT_OF_RANGE
        assert kind_of(sites.configure, s, "NONE") is ErrorKind.NOT_FOUND
    with database.write() as s:
        site = sites.configure(s, "DEMO", in_service=True)
        assert (site.region, site.in_service, site.trial_limit) == ("RG004", True, 2)
        assert (site.show_storage_secrets, site.priority) == (True, 1)
        assert sites.configure(s, "DEMO", trial_limit=None).trial_limit is None


def test_an_account_is_found_by_email_in_any_case_and_by_id(database, sealer):
    with database.write() as s:
        account, key = sites.create_account(s, sealer, "DEMO", "Me@Example.com")
    with database.read() as s:
        for login in ("Me@Example.com", "me@example.COM", account.account_id):
            found = sites.find_account(s, "DEMO", login)
            assert found is not None
            assert sites.access_key(sealer, found) == key
        for login in ("you@example.com", "", "nul\0", "half\ud800"):
            assert sites.find_account(s, "DEMO", login) is None
        assert [account.email for account in sites.accounts(s, "DEMO")] == ["Me@Example.com"]


def test_an_account_belongs_to_one_site(database, sealer):
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
        account, _ = sites.create_account(s, sealer, "DEMO", "me@example.com")
        assert sites.find_account(s, "TWO2", "me@example.com") is None
        assert sites.find_account(s, "TWO2", account.account_id) is None
        sites.create_account(s, sealer, "TWO2", "me@example.com")
        assert kind_of(sites.create_account, s, sealer, "TWO2", "ME@example.com") is ErrorKind.CONFLICT
        assert kind_of(sites.create_account, s, sealer, "NONE", "me@example.com") is ErrorKind.NOT_FOUND
        for bad in ("me", "me:you@example.com", "nul\0@example.com"):
            assert kind_of(sites.create_account, s, sealer, "DEMO", bad) is ErrorKind.FIELD_INVALID


def test_a_rotated_key_replaces_the_old_one_and_ends_its_tokens(database, sealer):
    with database.write() as s:
        account, old = sites.create_account(s, sealer, "DEMO", "me@example.com")
        version = account.key_version
        new = sites.rotate_key(s, sealer, "DEMO", "me@example.com")
        assert new != old
    with database.read() as s:
        account = sites.find_account(s, "DEMO", "me@example.com")
        assert sites.access_key(sealer, account) == new
        assert account.key_version > version


def test_a_revoked_account_is_not_found_until_it_gets_a_new_key(database, sealer):
    with database.write() as s:
        account, _ = sites.create_account(s, sealer, "DEMO", "me@example.com")
        version = account.key_version
        sites.revoke(s, "DEMO", account.account_id)
        assert sites.find_account(s, "DEMO", "me@example.com") is None
        sites.rotate_key(s, sealer, "DEMO", "me@example.com")
        assert sites.find_account(s, "DEMO", "me@example.com").key_version > version + 1
        assert kind_of(sites.revoke, s, "DEMO", "you@example.com") is ErrorKind.NOT_FOUND
