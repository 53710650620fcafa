"""Who leaked a copy, among all whom the database knows to have one: sessions of a title, or recipients of a master.

Sessions are read in blocks, so a million of them take the memory of a few thousand.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from telecine.catalog import copies, detections, marks, prepared
from telecine.catalog.mark_models import Detection
from telecine.core.detection_codes import WORDS, Subject, Words
from telecine.core.watermark.bias import Family
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import Block, Footage
from telecine.core.watermark.sequence import SequenceKey, derive_key
from telecine.jobs.detection_population import Population, Recipients, Suspect, suspects
from telecine.jobs.detection_report import Case, Named, name_among
from telecine.jobs.services import Services


def name_leaker(
    services: Services, row: Detection, footage: Footage, alive: Callable[[], None] = lambda: None
) -> Named:
    """Who leaked `footage`, among all who have a copy of the detection's content.

    `alive` is called for each block of sessions and may raise, which ends the search.
    """
    case = Case(f"Detection {row.id}", row.content_id, float(row.request["limit"]))
    if row.subject == Subject.RECIPIENTS:
        return name_among(case, footage, _recipients(services, row))
    with services.database.write() as s:
        secret = marks.secret(s, services.sealer, row.site_id)
    with services.database.read() as s:
        return name_among(case, footage, _Viewers(s, row.site_id, row.content_id, secret, alive))


def _recipients(services: Services, row: Detection) -> Population:
    """Everybody for whom a copy of the content was ever asked for, by whichever job."""
    with services.database.read() as s:
        plan = prepared.plan_of(detections.master(s, row))
        names = dict(copies.recipients_of_content(s, row.site_id, row.content_id))
    return Recipients(names, services.recipient_keys(row.site_id, row.content_id, plan.code))


@dataclass(frozen=True, slots=True)
class _Viewers:
    """All sessions of a title, straight from the database."""

    s: Session
    site: str
    content: str
    secret: bytes
    alive: Callable[[], None]

    @property
    def words(self) -> Words:
        return WORDS[Subject.VIEWERS]

    @property
    def codes(self) -> list[SessionCode]:
        return detections.codes_in_use(self.s, self.site, self.content)

    def blocks(self, code: SessionCode) -> Iterator[Block]:
        for block in detections.session_blocks(self.s, self.site, self.content, code):
            self.alive()
            yield block

    def keys(self, family: Family) -> SequenceKey:
        return derive_key(self.secret, self.site, self.content, family)

    def known(self, sessions: Sequence[str]) -> Mapping[str, Suspect]:
        return suspects(detections.named(self.s, self.site, sessions))
