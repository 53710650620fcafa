"""What the operator sets for a site's use of the packaging API: who hears of results, how large a trial is."""

from dataclasses import dataclass, fields

from sqlalchemy.orm import Session

from telecine.catalog import sites
from telecine.catalog.clock import utcnow
from telecine.catalog.packaging_models import PackagingSite
from telecine.catalog.text import checked
from telecine.core.errors import ErrorKind, TelecineError

LONGEST_URL = 2048


@dataclass(frozen=True, slots=True)
class PackagingTerms:
    """`callback_url` is told of the end of every job, where it is not empty; `trial_bytes` is the largest file that a
    site on trial may send, None for no other limit than everybody's; `trial_sessions` is how many sessions such a
    site may open, None for the documented number.
    """

    callback_url: str = ""
    trial_bytes: int | None = None
    trial_sessions: int | None = None


def get(s: Session, site_id: str) -> PackagingTerms:
    """What is set for a site, else the defaults."""
    row = s.get(PackagingSite, site_id)
    return PackagingTerms(row.callback_url, row.trial_bytes, row.trial_sessions) if row else PackagingTerms()


def put(s: Session, site_id: str, terms: PackagingTerms) -> None:
    """Set all of it. Raises NOT_FOUND (site), FIELD_INVALID and FIELD_OUT_OF_RANGE.

    Whether the URL may be reached is for whoever registers it to check.
    """
    sites.get(s, site_id)
    checked(terms.callback_url, "callback_url", LONGEST_URL)
    if terms.trial_bytes is not None and terms.trial_bytes < 1:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, "at least one byte.", field="trial_bytes")
    if terms.trial_sessions is not None and terms.trial_sessions < 0:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, "at least none.", field="trial_sessions")
    row = s.get(PackagingSite, site_id)
    if row is None:
        row = PackagingSite(site_id=site_id)
        s.add(row)
    for field in fields(terms):
        setattr(row, field.name, getattr(terms, field.name))
    row.update_time = utcnow()
    s.flush()
