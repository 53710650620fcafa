"""docs/pri.md says what the PRI API answers."""

import re
from pathlib import Path
from typing import get_args

from telecine.apis.pri import routes, schema
from telecine.apis.pri.mapping import error_status
from telecine.core.errors import ErrorKind, TelecineError

PAGE = (Path(__file__).parents[2] / "docs/pri.md").read_text()


def test_every_status_is_explained():
    assert set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)) >= set(get_args(schema.Status))


def test_every_http_status_is_explained_and_no_failure_has_another():
    explained = {int(status) for status in re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE)}
    assert explained == set(routes._ERRORS)
    assert {error_status(TelecineError(kind)) for kind in ErrorKind} <= explained


def test_every_field_of_a_request_is_explained():
    table = PAGE[PAGE.index("## A request") : PAGE.index("## An answer")]
    for name in schema.AssetRequest.model_fields:
        assert f"`{name}`" in table
