"""Does a leak say who leaked it, whatever was done to it, and how long must it be?

A title of real clips is marked, encoded and packaged as any job's. A viewer's copy of each rendition is attacked in
every way of `bench.attacks`, encoded again, and read by the detector, which is told nothing but the key. Printed for each attack:
bits read wrongly, how clearly segments were read, what the research prototype had, and what is not as it must be. Then:
how wrong keys do on marked and unmarked footage, and how many segments and seconds name one of a million viewers
where segments are read as clearly as was measured (`bench.collusion`).

    python -m bench.trace                       the whole matrix at 720p, the eight usual attacks at 360p and 1080p
    python -m bench.trace --quick               the eight usual attacks at 720p
    python -m bench.trace --segment 1 --quick   the same with a bit in each second

Rows are kept in `rows.jsonl` of the folder as they are measured, attacked files beside it; what is there is not done
again. It ends with 1 where something is not as it must be.
"""

import argparse
import random
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench import trace_lengths, trace_null
from bench.attacks import ATTACKS, SMOKE, Attack, named
from bench.material import ADVERT, Marked, clip_folders, find, make_title, mark, viewers_copy
from bench.pirate import leak
from bench.trace_rows import HEADER, Row, complaints, score, table_row
from telecine.core.limits import MediaLimits
from telecine.core.watermark.pattern import MarkKey
from telecine.core.watermark.report import Footage
from telecine.media.context import Context
from telecine.media.detect.read import read_leak
from telecine.media.detect.reference import join_reference
from telecine.media.tools import Tools, find_tools

# SHOW
def show(rows: Iterator[Row]) -> list[Row]:
    """Print the table and what is not as it must be; returns the rows."""
    by_name = {attack.name: attack for attack in ATTACKS}
    print(HEADER)
    shown = []
    for row in rows:
        print(table_row(row, by_name[row.attack]), flush=True)
        shown.append(row)
    found = [complaint for row in shown for complaint in complaints(row, by_name[row.attack])]
    print("\n" + ("\n".join(found) or f"All {len(shown)} rows are as they must be."), flush=True)
    return shown


