"""`telecine serve`, `api`, `worker`, `edge`, `temporal`: the long-running parts, together or each by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from telecine.cli import rooms
from telecine.cli.logs import configure
from telecine.cli.output import complaints
from telecine.cli.sites import known_region


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("serve")(serve)
    app.command("api")(api)
    app.command("worker")(worker)
    app.command("edge")(edge)
    app.command("temporal")(temporal)


def serve() -> None:
    """Run the whole system: API, player page, one worker, and Temporal unless a cluster is set."""
    from telecine.jobs import supervisor

    in_force = rooms.settings()
    configure(in_force.log_format)
    complaints().print(f"Telecine is starting: {in_force.base_url}  (Ctrl-C ends it)", markup=False)
    supervisor.serve(in_force)


def api() -> None:
    """Run the API and the player page alone. It needs the database and the storage, but not Temporal."""
    from telecine import console
    from telecine.apis.app import create_app, listen
    from telecine.apis.warm import warm_up

    in_force = rooms.settings()
    configure(in_force.log_format)
    app = create_app(in_force)
    console.mount(app, in_force, app.state.services.database)
    warm_up(app.state.services.database)
    listen(app, in_force)


def worker(
    region: Annotated[
        list[str] | None, typer.Option(help="Serve this region's queues; may be repeated. Default: TELECINE_REGIONS.")
    ] = None,
) -> None:
    """Run one worker: it carries out the jobs of its regions."""
    from telecine.jobs.worker import run_worker

    in_force = rooms.settings()
    for one in region or []:
        known_region(in_force.regions, one)
    if region:
        in_force = in_force.model_copy(update={"regions": region})
    configure(in_force.log_format)
    raise typer.Exit(run_worker(in_force))


def edge(
    site: rooms.SiteOption = "",
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: TELECINE_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. Default: TELECINE_EDGE_PORT.")] = None,
) -> None:
    """Serve one site's marked titles to viewers, each in the variants of his token."""
    from telecine.apis.app import listen
    from telecine.edge.open import create_app

    in_force = rooms.settings()
    configure(in_force.log_format)
    chosen = rooms.site_id(rooms.database(in_force), site)
    place = {"host": host or in_force.host, "port": port or in_force.edge_port}
    complaints().print(f"Edge of {chosen}: http://{place['host']}:{place['port']}  (Ctrl-C ends it)", markup=False)
    listen(create_app(in_force, chosen), in_force.model_copy(update=place))


def temporal() -> None:
    """Run the embedded Temporal server alone, in the foreground."""
    from telecine.jobs.temporal_server import main

    main()
