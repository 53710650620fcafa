"""The result callback of the watermark packaging API: one message at the end of a job, to the site's own URL.

It goes through the outbox of notifications but is none: it has no row there, no words to choose from, another form.
"""

import base64
import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from telecine.catalog import packaging_sites, sites
from telecine.catalog.models import CALLBACK, Delivery, Job, Site
from telecine.catalog.seal import Sealer
from telecine.core.states import TERMINAL, word
from telecine.core.wm_result import result_payload

DIALECT = "packaging"
"""Whose jobs have a callback."""


def tell(s: Session, job: Job, now: datetime) -> None:
    """Write the message of the job's end, where it has ended and its site wants to be told."""
    if job.dialect != DIALECT or job.state not in TERMINAL or not packaging_sites.get(s, job.site_id).callback_url:
        return
    s.add(
        Delivery(
            message_id=uuid.uuid4().hex,
            site_id=job.site_id,
            noti_id=CALLBACK,
            job_id=job.id,
            attempt=job.attempt,
            word=word(job.state).value,
            payload=result_payload(job.id, job.state, job.error_code, job.error_message, job.request),
            next_try=now,
            reg_time=now,
            update_time=now,
        )
    )


def url(s: Session, site_id: str) -> str:
    """Where the site wants to be told now; empty where it no longer does."""
    return packaging_sites.get(s, site_id).callback_url


def signing_secret(sealer: Sealer, site: Site) -> str:
    """What messages are signed with: the site key, which the receiver has, in the form of Standard Webhooks."""
    key = sites.site_key(sealer, site)
    return "whsec_" + base64.b64encode(key.encode()).decode()
