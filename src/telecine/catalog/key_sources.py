"""Where each site's keys come from: its choice, sealed as a whole, for addresses of key servers hold tokens."""

import json
from typing import Any

from sqlalchemy.orm import Session

from telecine.catalog import sites
from telecine.catalog.clock import utcnow
from telecine.catalog.key_models import SiteKeySource
from telecine.catalog.seal import Sealer
from telecine.catalog.upsert import insert


def get(s: Session, sealer: Sealer, site_id: str) -> dict[str, Any] | None:
    """The site's choice as it was put; None where it made none. Raises NOT_FOUND (site)."""
    sites.get(s, site_id)
    row = s.get(SiteKeySource, site_id)
    if row is None:
        return None
    choice: dict[str, Any] = json.loads(sealer.open(row.config_sealed, _context(site_id)))
    return choice


def put(s: Session, sealer: Sealer, site_id: str, choice: dict[str, Any]) -> None:
    """Keep the site's choice in place of an older one. Raises NOT_FOUND (site)."""
    sites.get(s, site_id)
    values = {"config_sealed": sealer.seal(json.dumps(choice), _context(site_id)), "update_time": utcnow()}
    statement = insert(s, SiteKeySource).values(site_id=site_id, **values)
    s.execute(statement.on_conflict_do_update(index_elements=["site_id"], set_=values))


def _context(site_id: str) -> str:
    return f"key source:{site_id}"
