"""The watermark secret and policy of a site."""

import secrets

from sqlalchemy.orm import Session

from telecine.catalog import sites
from telecine.catalog.clock import utcnow
from telecine.catalog.mark_models import MarkPolicy, MarkSecret
from telecine.catalog.seal import Sealer
from telecine.catalog.upsert import insert
from telecine.core.watermark.policy import MarkingPolicy


def secret(s: Session, sealer: Sealer, site_id: str) -> bytes:
    """The 32 bytes from which a site's marks follow, made at first use. Raises NOT_FOUND for an unknown site.

    Of two processes that make it at once, one wins, and both return the same.
    """
    row = s.get(MarkSecret, site_id)
    if row is None:
        sites.get(s, site_id)
        sealed = sealer.seal(secrets.token_bytes(32).hex(), _context(site_id))
        values = {"site_id": site_id, "secret_sealed": sealed, "reg_time": utcnow()}
        s.execute(insert(s, MarkSecret).values(**values).on_conflict_do_nothing())
        s.flush()
        row = s.get_one(MarkSecret, site_id, populate_existing=True)
    return bytes.fromhex(sealer.open(row.secret_sealed, _context(site_id)))


def policy(s: Session, site_id: str) -> MarkingPolicy:
    """What a site has chosen, else the defaults."""
    row = s.get(MarkPolicy, site_id)
    return MarkingPolicy.model_validate(row.policy) if row else MarkingPolicy()


def set_policy(s: Session, site_id: str, chosen: MarkingPolicy) -> None:
    """Write down what a site chooses. Raises NOT_FOUND for an unknown site."""
    sites.get(s, site_id)
    row = s.get(MarkPolicy, site_id)
    if row is None:
        row = MarkPolicy(site_id=site_id)
        s.add(row)
    row.policy = chosen.model_dump(mode="json", exclude_defaults=True)
    row.update_time = utcnow()


def _context(site_id: str) -> str:
    return f"mark_secret:{site_id}:secret"
