"""Notifications of a site."""

import pytest

from telecine.catalog import notifications, sites
from telecine.catalog.notifications import NotificationChanges
from telecine.core.errors import ErrorKind, TelecineError


def kind_of(call, *args):
    with pytest.raises(TelecineError) as refused:
        call(*args)
    return refused.value.kind


def test_a_notification_is_numbered_and_its_secret_sealed(database, sealer, make_notification):
    first, second = make_notification("error"), make_notification("complete")
    assert (first.id, second.id) == (1, 2)
    with database.read() as s:
        kept = notifications.get(s, "DEMO", first.id)
    assert (kept.noti_type, kept.access_key, kept.alarm_status) == ("SNS", "AK", {"error": True})
    assert notifications.secret(sealer, kept) == "sesame"
    assert "sesame" not in kept.secret_key_sealed
    second.secret_key_sealed = first.secret_key_sealed
    assert kind_of(notifications.secret, sealer, second) is ErrorKind.INTERNAL


def test_an_update_changes_only_what_it_names(database, sealer, make_notification):
    noti = make_notification("error")
    with database.write() as s:
        notifications.update(s, sealer, "DEMO", noti.id, NotificationChanges(alarm_status={"error": False}))
    with database.write() as s:
        notifications.update(s, sealer, "DEMO", noti.id, NotificationChanges(noti_name="new", secret_key="other"))
    with database.read() as s:
        kept = notifications.get(s, "DEMO", noti.id)
    assert (kept.noti_name, kept.alarm_status, kept.url_end_point) == ("new", {"error": False}, noti.url_end_point)
    assert notifications.secret(sealer, kept) == "other"
    assert kept.update_time > kept.reg_time


def test_the_list_pages_newest_first(database, make_notification):
    made = [make_notification().id for _ in range(3)]
    with database.read() as s:
        total, rows = notifications.search(s, "DEMO")
        assert (total, [row.id for row in rows]) == (3, made[::-1])
        total, rows = notifications.search(s, "DEMO", page_unit=2, page_index=2)
        assert (total, [row.id for row in rows]) == (3, made[:1])


def test_another_sites_notification_does_not_exist(database, sealer, make_notification):
    noti = make_notification()
    with database.write() as s:
        sites.create(s, sealer, "TWO2")
        for site_id, noti_id in (("TWO2", noti.id), ("DEMO", 999), ("DEMO", 10**30)):
            assert kind_of(notifications.get, s, site_id, noti_id) is ErrorKind.NOT_FOUND
            assert kind_of(notifications.delete, s, site_id, noti_id) is ErrorKind.NOT_FOUND
            change = NotificationChanges(noti_name="x")
            assert kind_of(notifications.update, s, sealer, site_id, noti_id, change) is ErrorKind.NOT_FOUND
        assert notifications.search(s, "TWO2") == (0, [])


def test_a_deleted_number_is_not_given_again(database, make_notification):
    noti = make_notification()
    with database.write() as s:
        notifications.delete(s, "DEMO", noti.id)
    assert make_notification().id > noti.id


def test_secrets_are_not_shown(make_notification):
    assert "sesame" not in repr(NotificationChanges(secret_key="sesame"))
    assert repr(make_notification()) == "Notification(1)"
