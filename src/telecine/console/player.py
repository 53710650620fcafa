"""The player page: plays any manifest in shaka-player, hls.js or dash.js, so that a result can be looked at.

The players themselves come from `web/node_modules`, put there by `make players`; a server without them still shows
the page, which then says what to do.
"""

from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

STATIC = Path(__file__).with_name("static")

VENDOR = {
    "shaka-player.js": "shaka-player/dist/shaka-player.compiled.js",
    "hls.js": "hls.js/dist/hls.min.js",
    "dash.js": "dashjs/dist/modern/umd/dash.all.min.js",
}
"""Served name of each player and its path in the players' folder."""

_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    # The page fetches manifests from wherever it is told to, and runs nothing but our own scripts.
    "Content-Security-Policy": (
        "default-src 'self'; connect-src http: https: data:; media-src blob: data: http: https:; "
        "img-src http: https: data:; "
        "style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'"
    ),
}


def default_players_dir() -> Path:
    """Where `make players` puts the players: `web/node_modules` of the checkout that this package runs from."""
    return Path(__file__).parents[3] / "web" / "node_modules"


def router(players_dir: Path | None = None) -> APIRouter:
    """Routes of the player page under `/console`; `players_dir` holds the packages of `web/package.json`."""
    routes = APIRouter(prefix="/console", include_in_schema=False)
    players = players_dir or default_players_dir()

    @routes.get("/player")
    def page() -> FileResponse:
        return FileResponse(STATIC / "player.html", headers=_PAGE_HEADERS)

    @routes.get("/static/{name}")
    def static(name: str) -> FileResponse:
        return _named(STATIC, {path.name: path.name for path in STATIC.iterdir()}, name)

    @routes.get("/vendor/{name}")
    def vendor(name: str) -> FileResponse:
        return _named(players, VENDOR, name)

    return routes


def _named(folder: Path, known: dict[str, str], name: str) -> FileResponse:
    """The file that `known` lists under `name`, or 404. Only listed names reach the file system."""
    path = folder / known[name] if name in known else None
    if path is None or not path.is_file():
        raise HTTPException(404, f"{name} is not here.")
    return FileResponse(path, headers={"Cache-Control": "no-cache"})
