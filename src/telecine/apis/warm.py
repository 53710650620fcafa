"""Does before the first request what would otherwise make the first requests slow.

The first list of a process compiles its statements and brings the index of all lists into memory. And the garbage
collector, left alone, looks again and again through everything that was loaded at start, which stops all requests for
a tenth of a second each time; all of that stays as long as the process, so it need not be looked at. What requests make
goes with them, all but a little, so the collector looks for that little more rarely, too: each look at everything young
and old takes ten milliseconds, and by its own measure it would take one every twenty lists of a thousand jobs.
"""

import gc
import time

import structlog
from sqlalchemy.exc import SQLAlchemyError

from telecine.apis import tnp
from telecine.catalog import jobs, sites
from telecine.catalog.database import Database
from telecine.catalog.jobs import JobFilter

LONGEST = 2.0
"""Seconds after which no further site's index is read: a server with many sites must not start late."""

COLLECT_AFTER = 10_000
"""Objects more than before, after which the collector looks at the young ones; 700 where nobody says otherwise."""

_log = structlog.get_logger()


def warm_up(database: Database) -> None:
    """Ask what clients will ask. A database that does not answer now keeps nobody from starting."""
    begun = time.monotonic()
    try:
        with database.read() as s:
            for site in sites.every(s):
                _, rows = jobs.search(s, site.site_id, JobFilter(dialect=tnp.DIALECT))
                jobs.percent_done(s, rows)
                if time.monotonic() - begun > LONGEST:
                    break
    except SQLAlchemyError as error:
        _log.warning("not warmed up", error=type(error).__name__)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
