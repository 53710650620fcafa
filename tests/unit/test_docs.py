"""The docs name what exists: every setting, every decision."""

import re
import shlex
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.core import TyperGroup
from typer.main import get_command

from telecine.cli import app
from telecine.core.job import MarkLayout
from telecine.edge.names import Kind
from telecine.edge.place import Title, find_place
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


REWRITE = re.compile(r"^rewrite (\S+) (\S+) break;$", re.MULTILINE)


def rewritten(rules: list[tuple[str, str]], path: str) -> str:
    """What nginx makes of a path: the first rule that fits, and no other."""
    for pattern, replacement in rules:
        if re.search(pattern, path):
            return re.sub(pattern, re.sub(r"\$(\d)", r"\\\1", replacement), path)
    return path


@pytest.mark.parametrize("kind", MarkLayout)
@pytest.mark.parametrize("tree", ["dash", "hls", "cmaf"])
def test_the_rewriting_rules_for_edges_find_both_variants(kind: MarkLayout, tree: str) -> None:
    """The standard's `<folder>/<variant>/<file>` is where the variant was published."""
    found = REWRITE.findall((DOCS / "edges.md").read_text())
    assert len(found) == 4
    rules = found[:2] if kind is MarkLayout.UNLABELED else found[2:]
    title = Title("film", kind, frozenset({tree}), "storage", "customers/vod", "1")
    names = ("video/avc1/1/segment-7.ts", "audio/en/mp4a/1/segment-7.aac", "master.m3u8")
    for name in names:
        place = find_place((*title.folder, tree, *name.split("/")), [title])
        folder, _, file = f"/customers/vod/film/{tree}/{name}".rpartition("/")
        variants = (0, 1) if place.kind is Kind.SEGMENT else ()
        assert [rewritten(rules, f"{folder}/{variant}/{file}") for variant in variants] == [
            f"/{place.key(variant)}" for variant in variants
        ]
        if not variants:
            assert rewritten(rules, f"{folder}/{file}") == f"/{place.key(0)}"


def commands_in(page: str) -> list[str]:
    """Every `telecine` command of a page's shell blocks, lines that go on put together."""
    blocks = re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    parts = [part.strip() for line in lines for part in re.split(r"&&|#", line)]
    return [part for part in parts if part.startswith("telecine ")]


@pytest.mark.parametrize("command", commands_in("dwm.md") + commands_in("pixop.md"))
def test_the_commands_of_pages_for_people_can_be_typed(command: str) -> None:
    """Names and options exist, and nothing that is needed is missing."""
    told = get_command(app)
    context = None
    words = shlex.split(command)[1:]
    while isinstance(told, TyperGroup):
        context = told.make_context(told.name, words, context)
        _, told, words = told.resolve_command(context, words)
    told.make_context(told.name, words, context)
