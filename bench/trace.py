"""Does a leak say who leaked it, whatever was done to it, and how long must it be?

A title of real clips is marked, encoded and packaged as any job's. A viewer's copy of each rendition is attacked in
every way of `bench.attacks`, encoded again, and read by the detector, which is told nothing but the key. Printed for
each attack: bits read wrongly, how clearly segments were read, what the research prototype had, and what is not as it
must be. Then: how wrong keys do on marked and on unmarked footage, and how many segments and seconds name one of a
million viewers where segments are read as clearly as was measured (`bench.collusion`).

    python -m bench.trace                       the whole matrix at 720p, the eight usual attacks at 360p and 1080p
    python -m bench.trace --quick               the eight usual attacks at 720p
    python -m bench.trace --quick --segment 1   the same with a bit in each second

Rows are kept in `rows.jsonl` of the folder as they are measured, attacked files beside it; what is there is not done
again. It ends with 1 where something is not as it must be.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

from bench import trace_lengths, trace_null
from bench.attacks import ATTACKS, SMOKE, Attack, named
from bench.trace_rows import HEADER, Row, complaints, table_row
from bench.trial import SIZES, Trial, matrix, prepare
from telecine.media.detect.read import read_leak

HEIGHTS = (720, 360, 1080)
"""Renditions by their height; the whole matrix is carried out on the first."""
LENGTHS_OF = ("x264 CRF 28", "x264 CRF 40", "240p CRF 30", "logo and subtitle boxes", "screen capture and shake")
"""Attacks for which the length of a leak is simulated: an easy one, and those that read worst."""


def work(heights: Sequence[int], names: Sequence[str], quick: bool) -> list[tuple[int, Attack]]:
    """Which attacks are carried out on which renditions, which are given as positions in `heights`."""
    usual = named(*SMOKE)
    first = named(*names) if names else usual if quick else ATTACKS
    others = range(1, len(heights))
    return [*((0, attack) for attack in first), *((rendition, attack) for rendition in others for attack in usual)]


def show(rows: Iterator[Row]) -> tuple[list[Row], list[str]]:
    """Print the table, then what is not as it must be; returns the rows and the complaints."""
    by_name = {attack.name: attack for attack in ATTACKS}
    print(HEADER)
    shown = []
    for row in rows:
        print(table_row(row, by_name[row.attack]), flush=True)
        shown.append(row)
    found = [complaint for row in shown for complaint in complaints(row, by_name[row.attack])]
    print("\n" + ("\n".join(found) or f"All {len(shown)} rows are as they must be."), flush=True)
    return shown, found


def show_lengths(rows: Sequence[Row], segment: float, trials: int) -> None:
    """Print how long leaks must be that were attacked in some of the ways."""
    for row in rows:
        if row.attack in LENGTHS_OF and row.right:
            print(f"\n{row.picture}, {row.attack}: {len(row.right)} segments of {segment:g} s as measured")
            print("\n".join([trace_lengths.HEADER, *trace_lengths.lengths(row.right, segment, trials)]), flush=True)


def show_null(trial: Trial, wrong_keys: int) -> list[str]:
    """Print how wrong keys do on the copy as delivered and on the unmarked title; returns what is not as it must be."""
    found = []
    for name, film in (("marked", trial.copy(0, 0)), ("unmarked", trial.folder / "title.mp4")):
        null = trace_null.measure(film, trial.reference, trial.marked.key, trial.tools, wrong_keys)
        print(f"{name}: {null}", flush=True)
        found += [f"{name}: {complaint}" for complaint in null.complaints()]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="eight attacks on one rendition, no simulation")
    parser.add_argument("--attack", action="append", default=[], help="only this attack, by its name; may be repeated")
    parser.add_argument("--height", type=int, action="append", choices=sorted(SIZES), help="only these renditions")
    parser.add_argument("--clips", type=Path, help="a folder with more clips")
    parser.add_argument("--folder", type=Path, help="where to keep everything; by default it is thrown away")
    parser.add_argument("--strength", type=float, default=0.5, help="of the mark")
    parser.add_argument("--segment", type=float, default=2.0, help="seconds of a segment")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="of the title that are attacked")
    parser.add_argument("--trials", type=int, default=60, help="simulated leaks for each length")
    parser.add_argument("--wrong-keys", type=int, default=5000, help="for each segment")
    options = parser.parse_args()
    part = options.quick or options.attack
    heights = options.height or (HEIGHTS[:1] if part else HEIGHTS)
    with nullcontext(options.folder) if options.folder else tempfile.TemporaryDirectory(prefix="telecine-trace-") as at:
        folder = Path(at)
        folder.mkdir(exist_ok=True, parents=True)
        trial = prepare(folder, options.clips, heights, options.strength, options.segment, seconds=options.seconds)
        print(f"{trial.positions} segments of {options.segment:g} s, strength {options.strength:g}\n")
        rows, found = show(matrix(trial, work(heights, options.attack, options.quick), read_leak))
        if not part:
            found += show_null(trial, options.wrong_keys)
            show_lengths(rows, options.segment, options.trials)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
