"""The docs name what exists: every setting, every decision."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from telecine.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


def settings_of(model: type[BaseModel], prefix: str = "TELECINE_") -> list[str]:
    names = []
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        nested = isinstance(field.default, BaseModel)
        names += settings_of(type(field.default), f"{variable}__") if nested else [variable]
    return names


@pytest.mark.parametrize("variable", settings_of(Settings))
def test_every_setting_is_in_the_operations_page(variable: str) -> None:
    assert f"`{variable}`" in (DOCS / "operations.md").read_text()


def test_every_decision_is_in_the_index() -> None:
    index = (DOCS / "decisions/README.md").read_text()
    decisions = {path.name for path in (DOCS / "decisions").glob("0*.md")}
    assert decisions == {name for name in decisions if f"({name})" in index}
