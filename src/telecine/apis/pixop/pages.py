"""Lists by pages, with links as HAL (draft-kelly-json-hal) has them."""

from collections.abc import Sequence
from math import ceil
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from telecine.apis.lists import PageIndex, PageUnit
from telecine.apis.paging import DEFAULT_PAGE
from telecine.apis.wire import Shown

# ruff: noqa: N815 - the names are the document's


class PageQuery(BaseModel):
    """Which page of a list."""

    page: Annotated[PageIndex, Field(description="Number of the page, from 1.")] = 1
    page_size: Annotated[PageUnit, Field(alias="page-size", description="Entries on a page, at most 1000.")] = (
        DEFAULT_PAGE
    )


class Link(Shown):
    """Where something is."""

    href: str


class SelfLink(Shown):
    """The link of an entry."""

    self: Link


class PageLinks(SelfLink):
    """Links of a page. `next` is not there on the last page, `previous` not on the first.

    For the Java client, which refuses `previous`, it is called `prev`.
    """

    next: Link | None = None
    previous: Link | None = None
    prev: Link | None = None
    first: Link
    last: Link


class Page(Shown):
    """What every list answers beside its entries."""

    pageSize: int
    page: int
    links: Annotated[PageLinks, Field(alias="_links")]


def page_body(
    url: str,
    query: PageQuery,
    total: int,
    entries: tuple[str, Sequence[dict[str, Any]]],
    *,
    strict: bool,
    **filters: str | None,
) -> dict[str, Any]:
    """The answer of a list at `url`: `entries` under their name, and links to other pages of the same `filters`.

    `filters` are spelled as in the query, with `_` for `-`.
    """
    last = max(1, ceil(total / query.page_size))
    kept = {name.replace("_", "-"): value for name, value in filters.items() if value is not None}

    def to(page: int) -> dict[str, str]:
        return {"href": f"{url}?{urlencode({**kept, 'page': page, 'page-size': query.page_size})}"}

    links = {"self": to(query.page)}
    if query.page < last:
        links["next"] = to(query.page + 1)
    if query.page > 1:
        links["prev" if strict else "previous"] = to(min(query.page - 1, last))
    links |= {"first": to(1), "last": to(last)}
    name, shown = entries
    return {
        "pageSize": query.page_size,
        "page": query.page,
        "_links": links,
        "_embedded": {"totalFound": total, name: list(shown)},
    }
