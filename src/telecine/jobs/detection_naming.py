"""Who leaked a copy, among all sessions that the database has of its title.

Sessions are read in blocks, so a million of them take the memory of a few thousand.
"""

from collections.abc import Callable, Iterator

from telecine.catalog import detections, marks
from telecine.catalog.mark_models import Detection
from telecine.core.watermark.bias import Family
from telecine.core.watermark.policy import SessionCode
from telecine.core.watermark.report import Block, Footage
from telecine.core.watermark.sequence import SequenceKey, derive_key
from telecine.jobs.detection_report import Case, Named, name_among
from telecine.jobs.services import Services


def name_leaker(
    services: Services, row: Detection, footage: Footage, alive: Callable[[], None] = lambda: None
) -> Named:
    """Who leaked `footage`, among all sessions of the detection's title.

    `alive` is called for each block of sessions and may raise, which ends the search.
    """
    site, content = row.site_id, row.content_id
    with services.database.write() as s:
        secret = marks.secret(s, services.sealer, site)

    def keys(family: Family) -> SequenceKey:
        return derive_key(secret, site, content, family)

    with services.database.read() as s:

        def sessions(code: SessionCode) -> Iterator[Block]:
            for block in detections.session_blocks(s, site, content, code):
                alive()
                yield block

        case = Case(f"Detection {row.id}", content, float(row.request["limit"]))
        codes = detections.codes_in_use(s, site, content)
        return name_among(case, footage, codes, sessions, keys, lambda found: detections.named(s, site, found))
