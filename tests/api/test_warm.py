"""Warming up: the first client's requests cost what later ones cost, and a sick database delays no start."""

import gc

import pytest
from sqlalchemy import event

from telecine.apis import warm
from telecine.apis.warm import warm_up
from telecine.catalog.database import Database


@pytest.fixture
def database(api):
    """With two sites."""
    api.add_site("OTHR")
    yield api.database
    gc.unfreeze()


def test_every_sites_list_is_asked_for_once(database):
    asked = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: asked.append(call[3]))
    warm_up(database)
    assert {site for parameters in asked for site in parameters if site in ("DEMO", "OTHR")} == {"DEMO", "OTHR"}
    assert any("tnp" in parameters for parameters in asked)  # as its clients ask, who see no jobs of others
    assert gc.get_freeze_count() > 10_000


def test_many_sites_do_not_delay_the_start(database, monkeypatch):
    monkeypatch.setattr(warm, "LONGEST", 0.0)
    asked = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: asked.append(call[3]))
    warm_up(database)
    assert not any("OTHR" in parameters for parameters in asked)


def test_a_database_that_does_not_answer_keeps_nobody_from_starting(tmp_path):
    warm_up(Database(f"sqlite:///{tmp_path / 'empty.db'}"))
    gc.unfreeze()
