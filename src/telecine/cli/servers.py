"""`telecine serve`, `api`, `worker`, `temporal`: the long-running parts, together or each by itself."""

from __future__ import annotations

import typer

from telecine.cli import rooms
from telecine.cli.logs import configure
from telecine.cli.output import complaints


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("serve")(serve)
    app.command("api")(api)
    app.command("worker")(worker)
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

    in_force = rooms.settings()
    configure(in_force.log_format)
    app = create_app(in_force)
    console.mount(app, in_force, app.state.services.database)
    listen(app, in_force)


def worker() -> None:
    """Run one worker: it carries out the jobs of TELECINE_REGIONS."""
    from telecine.jobs.worker import run_worker

    in_force = rooms.settings()
    configure(in_force.log_format)
    raise typer.Exit(run_worker(in_force))


def temporal() -> None:
    """Run the embedded Temporal server alone, in the foreground."""
    from telecine.jobs.temporal_server import main

    main()
