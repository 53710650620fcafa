"""The command line: everything an operator does, in words. `telecine --help` lists it.

Commands import the rooms that they use when they run, so that help and completion come at once.
"""

from typing import Any

import typer
from typer.core import TyperGroup

from telecine.cli import (
    accounts,
    buckets,
    detect,
    dwm,
    enhance,
    jobs,
    keys,
    oneshot,
    packaging_groups,
    packaging_sites,
    pri,
    servers,
    sessions,
    sites,
    storages,
    system,
    teams,
    users,
    verify,
)
from telecine.cli.output import EXIT_CODES, Exit, show_error, wants_json
from telecine.core.errors import TelecineError


class _Commands(TyperGroup):
    """Turns what a command raises into a message with its cure, and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as in the class that it extends
        try:
            return super().invoke(ctx)
        except TelecineError as error:
            raise typer.Exit(show_error(error, wants_json(ctx))) from error
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None


app = typer.Typer(
    name="telecine",
    help="A self-hosted media platform: transcode, package, publish.",
    epilog=EXIT_CODES,
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
servers.add_to(app)
oneshot.add_to(app)
enhance.add_to(app)
verify.add_to(app)
detect.add_to(app)
system.add_to(app)
packaging_sites.add_to(sites.app)
app.add_typer(sites.app, name="site", help="Tenants and what they may do.")
app.add_typer(accounts.app, name="account", help="Who may get tokens for a site.")
app.add_typer(buckets.app, name="bucket", help="Buckets of the folder store.")
app.add_typer(storages.app, name="storage", help="Buckets that are registered for a site.")
app.add_typer(packaging_groups.app, name="packaging-group", help="What packaged assets are made into, and where to.")
app.add_typer(pri.app, name="pri", help="Who may call the PRI API for a site.")
app.add_typer(dwm.app, name="dwm", help="Copies of a master that can be traced to their recipients.")
app.add_typer(teams.app, name="team", help="Who videos belong to in the video API.")
app.add_typer(users.app, name="user", help="People who call the video API.")
app.add_typer(sessions.app, name="sessions", help="Viewers' copies of marked titles.")
keys.add_to(app)
app.add_typer(jobs.app, name="jobs", help="Look at jobs, follow them, stop and restart them.")
