"""`telecine site …`: tenants and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from telecine.cli import rooms
from telecine.cli.output import AsJson, show_record, show_rows

if TYPE_CHECKING:
    from telecine.catalog.models import Site
    from telecine.core.watermark.policy import MarkingPolicy

app = typer.Typer(no_args_is_help=True)

SiteId = Annotated[str, typer.Argument(help="Site id: four letters or digits.")]


@app.command("create")
def create(
    site_id: SiteId,
    region: Annotated[str, typer.Option(help="Region code in which its jobs run.")] = "RG011",
    email: Annotated[str, typer.Option(help="Email of its first account. Default: admin@SITE.local")] = "",
    as_json: AsJson = False,
) -> None:
    """Add a site with its first account; prints the access key, this once."""
    from telecine.catalog import sites

    in_force = rooms.settings()
    known_region(in_force.regions, region)
    sealer = rooms.sealer(in_force)
    with rooms.database(in_force).write() as s:
        site = sites.create(s, sealer, site_id, region)
        account, key = sites.create_account(s, sealer, site_id, email or f"admin@{site_id.lower()}.local")
    show_record(
        {
            "site_id": site.site_id,
            "region": site.region,
            "email": account.email,
            "account_id": account.account_id,
            "access_key": key,
        },
        as_json,
    )


@app.command("list")
def list_sites(as_json: AsJson = False) -> None:
    """List all sites."""
    from telecine.catalog import sites

    with rooms.database(rooms.settings()).read() as s:
        rows = [_record(site) for site in sites.every(s)]
    columns = ["site_id", "region", "in_service", "priority", "trial_used", "trial_limit"]
    show_rows(rows, columns, as_json, none="There is no site yet: telecine site create DEMO")


@app.command("show")
def show(site_id: SiteId, as_json: AsJson = False) -> None:
    """Show a site."""
    from telecine.catalog import sites

    with rooms.database(rooms.settings()).read() as s:
        show_record(_record(sites.get(s, site_id)), as_json)


@app.command("set")
def change(
    site_id: SiteId,
    region: Annotated[str | None, typer.Option(help="Region code in which its jobs run.")] = None,
    in_service: Annotated[bool | None, typer.Option(help="Whether it may create jobs.")] = None,
    trial: Annotated[int | None, typer.Option(min=-1, help="Jobs of its trial; -1 means that it is on none.")] = None,
    show_secrets: Annotated[
        bool | None, typer.Option(help="Whether the storage detail shows the secret key, as the API document has it.")
    ] = None,
    priority: Annotated[int | None, typer.Option(min=1, max=5, help="1 (first) to 5.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change what only the operator may change."""
    from telecine.catalog import sites

    in_force = rooms.settings()
    limit = sites.Unchanged.UNCHANGED if trial is None else (None if trial < 0 else trial)
    with rooms.database(in_force).write() as s:
        if region is not None:
            known_region(in_force.regions, region)
            sites.set_region(s, site_id, region)
        site = sites.configure(
            s,
            site_id,
            in_service=in_service,
            trial_limit=limit,
            show_storage_secrets=show_secrets,
            priority=priority,
        )
        record = _record(site)
    show_record(record, as_json)


@app.command("key")
def show_key(site_id: SiteId, as_json: AsJson = False) -> None:
    """Print the site key, with which clients of the watermark packaging API encrypt their requests."""
    from telecine.catalog import sites

    in_force = rooms.settings()
    with rooms.database(in_force).read() as s:
        key = sites.site_key(rooms.sealer(in_force), sites.get(s, site_id))
    show_record({"site_id": site_id, "site_key": key}, as_json)


@app.command("marking")
def marking(
    site_id: SiteId,
    layout: Annotated[
        str | None, typer.Option(help="Where variant 1 of a segment is published: unlabeled or prefixed.")
    ] = None,
    strength: Annotated[float | None, typer.Option(help="Of the mark, 0.3 to 1; 0.7 is strong.")] = None,
    code: Annotated[
        str | None, typer.Option(help="Of sessions that ask for none: delivery, uniform, up_to_4 or up_to_6.")
    ] = None,
    pace_info: Annotated[
        str | None, typer.Option(help="Files for edges of third parties: none, renditions or segments.")
    ] = None,
    cost: Annotated[str | None, typer.Option(help="What marking may cost: full, balanced or lean.")] = None,
    draft_claims: Annotated[
        bool | None,
        typer.Option(
            "--draft-claims/--no-draft-claims", help="Read CWTs with the claim numbers of the standard's draft too."
        ),
    ] = None,
    shortest_seconds: Annotated[float | None, typer.Option(help="Shortest programme that is marked.")] = None,
    narrowest: Annotated[int | None, typer.Option(help="Least width of a marked rendition, in pixels.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how a site marks its pictures, or change it for the jobs and sessions to come."""
    from telecine.catalog import marks, sites

    given = {
        "layout": layout,
        "strength": strength,
        "code": code,
        "pace_info": pace_info,
        "cost": cost,
        "draft_claims": draft_claims,
        "shortest_seconds": shortest_seconds,
        "narrowest": narrowest,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    with rooms.database(rooms.settings()).write() as s:
        sites.get(s, site_id)
        policy = _changed(marks.policy(s, site_id), changes)
        if changes:
            marks.set_policy(s, site_id, policy)
    show_record({"site_id": site_id} | policy.model_dump(mode="json"), as_json)


def _changed(policy: MarkingPolicy, changes: dict[str, Any]) -> MarkingPolicy:
    """The policy with `changes`. Raises FIELD_INVALID, naming the option."""
    from pydantic import ValidationError

    from telecine.core.errors import ErrorKind, TelecineError

    try:
        return policy.model_validate(policy.model_dump() | changes)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        at = f"--{first['loc'][0]}".replace("_", "-")
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{first['msg']}.", field=at) from error


def known_region(regions: list[str], region: str) -> None:
    """Refuse a region that no worker of this deployment serves: FIELD_INVALID."""
    from telecine.core.errors import ErrorKind, TelecineError

    if region not in regions:
        raise TelecineError(ErrorKind.FIELD_INVALID, f"it must be one of {', '.join(regions)}.", field="region")


def _record(site: Site) -> dict[str, Any]:
    names = ("site_id", "region", "in_service", "priority", "trial_limit", "trial_used", "show_storage_secrets")
    return {name: getattr(site, name) for name in (*names, "reg_time")}
