"""`telecine dwm …`: copies of a master that can be traced to whoever was given them."""

from __future__ import annotations

import typer

from telecine.cli import dwm_copies, dwm_detect, dwm_jobs, dwm_pre_embed, dwm_recipients

app = typer.Typer(no_args_is_help=True)

app.add_typer(dwm_recipients.app, name="recipients", help="Who may get copies.")
app.add_typer(dwm_jobs.app, name="jobs", help="Look at distributions.")
dwm_pre_embed.add_to(app)
dwm_copies.add_to(app)
dwm_detect.add_to(app)
