"""Marked titles and viewers' sessions as rows, for tests of what works on them."""

import hashlib
from datetime import UTC, datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from telecine.catalog.mark_models import MarkedTitle, MarkSession

SECONDS = 2


def add_title(
    s: Session, job_id: int, *, site_id: str = "DEMO", content_id: str = "film", reference: str = "DEMO/film/1",
    positions: int = 300,
) -> MarkedTitle:  # fmt: skip
    """A marked title that `job_id` published."""
    row = MarkedTitle(
        site_id=site_id,
        content_id=content_id,
        job_id=job_id,
        layout="unlabeled",
        strength=0.5,
        segment_ticks=SECONDS,
        segment_scale=1,
        positions=positions,
        aspect=16 / 9,
        formats=["dash"],
        output_storage="output",
        output_path="vod",
        reference=reference,
        reg_time=datetime.now(UTC),
    )
    s.add(row)
    s.flush()
    return row


def add_sessions(
    s: Session, code: str, count: int, *, site_id: str = "DEMO", content_id: str = "film"
) -> list[tuple[str, str]]:
    """Sessions that follow `code`; returns session and payload of each. Their marks are `<code>-<number>`."""
    made = []
    for number in range(count):
        digest = hashlib.sha256(f"{site_id}/{content_id}/{code}/{number}".encode()).hexdigest()
        made.append((digest[:32], digest[32:46]))
    s.execute(
        insert(MarkSession),
        [
            {
                "site_id": site_id,
                "content_id": content_id,
                "session": session,
                "payload": payload,
                "code": code,
                "forensic_mark": f"{code}-{number}",
                "token_digest": session * 2,
                "reg_time": datetime.now(UTC),
            }
            for number, (session, payload) in enumerate(made)
        ],
    )
    return made
