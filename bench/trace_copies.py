"""Does a leaked copy say whose it was, in each way of telling copies apart, and how much of it is needed?

A master of real clips is marked for recipients (`bench.made_copies`), copies are attacked, mixed, and read by the
detector. Printed for each leak: marks read wrongly, how clearly they were read, who is named of 4095 recipients at one
in a million, and how many groups a leak must have that is read as clearly, for both codes, so that 95 % of such leaks
name their recipient (simulated, `bench.collusion`). Of individual copies single pictures are read by themselves.
Then: mixes of two and three copies, and what is said of films without a mark and of other films, under many keys.

    python -m bench.trace_copies --folder F --clips C       all
    python -m bench.trace_copies --folder F --mode 1        one mode (0: pool 1 s, 1: pool 3 pictures, 2: individual,
                                                            3: pool 2 pictures with the code against four)

Rows are kept in `copies.jsonl` of the folder as they are measured; what is there is not done again. It ends with 1
where an innocent recipient was named.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bench import collusion
from bench.attacks import ATTACKS, Attack
from bench.copies_trial import COPIES, FRAMES, MODES, USUAL, Mode, Row, Trial, mixed, named_by
from bench.material import RATE
from bench.mixes import MIXES, Mix
from telecine.core.limits import MediaLimits
from telecine.core.watermark.bias import Family
from telecine.core.watermark.recipients import derive_recipient_keys
from telecine.media.context import Context
from telecine.media.detect.anchor import find_pieces
from telecine.media.detect.exact import to_the_picture
from telecine.media.detect.gather import SHORT, Gathered, gather
from telecine.media.detect.read import weigh
from telecine.media.detect.reference import Reference
from telecine.media.detect.small_copy import copy_small

HEADER = (
    "| mode | leak | marks wrong | read | z median / least | named | uniform | up_to_4 | single pictures that name |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
SEARCHED = {Family.UNIFORM: (33, 216, 640), Family.UP_TO_4: (68, 328, 704)}
"""About how many marks are needed for 1, 2 and 3 colluders; the search ends at 2.5 times as many."""
NULL_KEYS = 60


def rows(trial: Trial, log: Path, wanted: Sequence[str]) -> Iterator[Row]:
    """The rows of a mode, each written down as soon as it is known."""
    known = {(row.mode, row.leak): row for row in _written(log)}
    leaks: list[Attack | Mix] = [*(ATTACKS if wanted else USUAL), *MIXES]
    for one in leaks:
        if wanted and not {one.name, "all"} & set(wanted):
            continue
        row = known.get((trial.mode.name, one.name))
        if row is None:
            row = trial.row(one)
            with log.open("a") as lines:
                lines.write(row.write() + "\n")
        yield row


def table_row(row: Row, mode: Mode, trials: int) -> str:
    """The row as a line under `HEADER`."""
    z, signs = row.statistic, np.array(row.signs)
    alike = np.isfinite(z) & (signs == signs[0]).all(axis=0)
    right = (z * signs[0])[alike]
    lengths = [_length(right, code, mode, trials) for code in SEARCHED] if len(signs) == 1 else ["", ""]
    if not len(right):
        return f"| {row.mode} | {row.leak} | - | 0 of {len(z)} | - | nobody | - | - | - |"
    differ = np.abs(z[np.isfinite(z) & ~alike])
    split = f"; where they differ {np.median(differ):.1f}" if len(differ) else ""
    who = ["own" if one in COPIES[: len(signs)] else f"INNOCENT {one}" for one in row.named]
    pictures = f"{sum(one[2] for one in row.stills)} of {len(row.stills)}" if row.stills else ""
    cells = (
        row.mode, row.leak, f"{np.mean(right <= 0):.1%}", f"{np.isfinite(z).sum()} of {len(z)}",
        f"{np.median(right):.1f} / {right.min():.1f}{split}", f"{len(who)} of {len(signs)}" if who else "nobody",
        *lengths, pictures,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _length(right: np.ndarray, code: Family, mode: Mode, trials: int) -> str:
    """How much of a leak that is read like this names its recipient; nothing where no trials are asked for."""
    if not trials:
        return ""
    row = collusion.Row(code, "all", SEARCHED[code], population=4095, measured=tuple(float(one) for one in right))
    marks = collusion.shortest(row, 1, "interleave", trials, 4)
    if marks is None:
        return "more"
    groups = -(-marks // mode.chips)
    return f"{groups} = {groups * mode.group / RATE:.1f} s"


def innocents(found: Sequence[Row]) -> list[str]:
    """Complaints of recipients who were named for what others leaked."""
    wrong = [
        f"{row.mode}, {row.leak}: {one} named"
        for row in found
        for one in row.named
        if one not in COPIES[: len(row.signs)]
    ]
    return wrong + [f"{row.mode}, {row.leak}: a picture names somebody else" for row in found if _wrong_stills(row)]


def _wrong_stills(row: Row) -> bool:
    return any(wrongly for *_, wrongly in row.stills)


def null(trial: Trial, folder: Path, keys: int) -> tuple[str, list[str]]:
    """What is said of the master without a mark, and of a film that it has nothing to do with, under `keys` keys of
    other contents in both codes: a line, and complaints."""
    plain = folder / f"unmarked-{trial.mode.group}.mp4"
    if not plain.exists():
        mixed(trial.tools, [trial.master.path], "null", plain)
    said, complaints, title = [], [], Reference.open(trial.reference)
    for name, film in (("unmarked", plain), ("foreign", trial.foreign)):
        if film is None:
            continue
        accused = tried = objected = 0
        sums = _sums(film, title, trial)
        for number in range(keys):
            for code in (Family.UNIFORM, Family.UP_TO_4):
                other = derive_recipient_keys(bytes([number]) * 32, "BENCH", f"null {number}", code)
                reading = weigh(sums, title.facts, other.mark, lambda: None)
                accused += len(named_by(reading, other))
                tried += 1
                objected += bool(reading.objections)
        said.append(
            f"{name}: {len(sums)} groups laid on, {tried} readings, {accused} accusations, {objected} objected to"
        )
        complaints += [f"{trial.mode.name}, {name}: {accused} accusations"] if accused else []
    return "; ".join(said), complaints


def _sums(film: Path, title: Reference, trial: Trial) -> Gathered:
    with tempfile.TemporaryDirectory() as folder:
        small = copy_small(film, Path(folder), Context(trial.tools, MediaLimits()))
        pieces = find_pieces(small, title, lambda: None)
        if title.facts.pictures < SHORT:
            rate = float(title.facts.rate)
            pieces = [to_the_picture(small, title, piece, rate, lambda: None) for piece in pieces]
        return gather(small, title, pieces, lambda _: None)


def _written(log: Path) -> list[Row]:
    return [Row.read(line) for line in log.read_text().splitlines()] if log.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--clips", type=Path, help="a folder with more clips")
    parser.add_argument("--mode", type=int, action="append", choices=range(len(MODES)), help="only these modes")
    parser.add_argument(
        "--leak",
        action="append",
        default=[],
        help="only this leak, by its name, or `all` of the matrix; may be repeated",
    )
    parser.add_argument("--pictures", type=int, default=FRAMES, help="of each clip; a folder is for one number")
    parser.add_argument("--trials", type=int, default=60, help="simulated leaks for each length; 0 for none")
    parser.add_argument("--keys", type=int, default=NULL_KEYS, help="other keys for films without a mark; 0 for none")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    for number in options.mode or range(len(MODES)):
        trial = Trial(options.folder, MODES[number], options.clips, options.pictures)
        print(f"\n{trial.mode.name}: {', '.join(clip.file for clip in trial.clips)}\n\n{HEADER}")
        found = []
        for row in rows(trial, options.folder / "copies.jsonl", options.leak):
            found.append(row)
            print(table_row(row, trial.mode, options.trials), flush=True)
        complaints += innocents(found)
        if options.keys:
            line, wrong = null(trial, options.folder, options.keys)
            print(f"\n{line}", flush=True)
            complaints += wrong
    print("\n" + ("\n".join(complaints) or "Nobody was named who had not leaked."))
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
