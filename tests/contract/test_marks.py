"""A site's watermark secret and policy: made once, sealed, its own."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from telecine.catalog import marks
from telecine.catalog.mark_models import MarkPolicy
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.policy import MarkingPolicy, SessionCode


def secret_of(database, sealer, site="DEMO"):
    with database.write() as s:
        return marks.secret(s, sealer, site)


def test_a_secret_is_made_once_even_by_many_at_once(database, sealer):
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: secret_of(database, sealer), range(8)))
    assert len(made) == 1
    assert len(made.pop()) == 32


def test_a_secret_is_sealed(database, sealer):
    secret = secret_of(database, sealer)
    with database.read() as s:
        stored = s.execute(text("SELECT secret_sealed FROM mark_secret")).scalar_one()
    assert secret.hex() not in stored


def test_an_unknown_site_has_no_secret_and_no_policy(database, sealer):
    for act in (lambda s: marks.secret(s, sealer, "NONE"), lambda s: marks.set_policy(s, "NONE", MarkingPolicy())):
        with pytest.raises(TelecineError) as caught, database.write() as s:
            act(s)
        assert caught.value.kind is ErrorKind.NOT_FOUND


def test_a_policy_is_kept_and_defaults_stay_defaults(database):
    with database.write() as s:
        assert marks.policy(s, "DEMO") == MarkingPolicy()
        marks.set_policy(s, "DEMO", MarkingPolicy(code=SessionCode.UNIFORM))
    with database.read() as s:
        assert marks.policy(s, "DEMO") == MarkingPolicy(code=SessionCode.UNIFORM)
        assert s.get_one(MarkPolicy, "DEMO").policy == {"code": "uniform"}
