"""Films of small pictures: a title's reference joined from its chunks, and the small copy of a leak."""

import json
import shutil
from fractions import Fraction

import numpy as np
import pytest
from tests import clips
from tests.media.leaks import CONTEXT
from tests.media.transcoding import numbered, prepare, rung

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import MarkLayout
from telecine.core.plan import ChunkSpan, MarkPlan, Plan
from telecine.media import sandbox
from telecine.media.detect.frames import Film
from telecine.media.detect.pieces import thumb
from telecine.media.detect.reference import Reference, join_reference
from telecine.media.detect.small_copy import copy_small
from telecine.media.mark_args import scout_arguments
from telecine.media.workspace import Workspace

BITS = 10


def number(look: np.ndarray) -> int:
    """The number that a picture of `numbered` carries."""
    row = look[180]
    gray = sum(int(row[int((bit + 0.5) * 64)] > 128) << bit for bit in range(BITS))
    plain = 0
    while gray:
        plain ^= gray
        gray >>= 1
    return plain


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> tuple[Plan, Workspace]:
    """A programme of 7.4 s in chunks of 3 s, of which the scout has made the small pictures."""
    source = clips.make(".mp4", *numbered(7.4), "-c:v", "libx264", "-crf", "4", "-preset", "ultrafast", "-g", "25")
    made = prepare(tmp_path_factory.mktemp("job"), [source], rung(320, 180), gop_seconds=1.0)
    marking = MarkPlan(layout=MarkLayout.UNLABELED, strength=0.5)
    cuts = [Fraction(0), Fraction(3), Fraction(6), made.plan.duration]
    chunks = tuple(ChunkSpan(index=number, start=cuts[number], end=cuts[number + 1]) for number in range(3))
    plan = made.plan.model_copy(update={"marking": marking, "segment": made.plan.gop, "chunks": chunks})
    assert plan.picture
    work = made.workspace
    for chunk in plan.chunks:
        target = work.reference(chunk.index)
        target.parent.mkdir(exist_ok=True)
        arguments = scout_arguments(
            plan,
            chunk,
            work.relative(work.input_file(0)),
            Fraction(25),
            work.relative(target),
            CONTEXT.limits,
            CONTEXT.cores,
            seek=True,
        )
        sandbox.run([CONTEXT.tools.ffmpeg, *arguments], cwd=work.root, limits=CONTEXT.limits, on_bytes=lambda _: None)
    return plan, work


@pytest.fixture(scope="module")
def reference(job, tmp_path_factory) -> Reference:
    folder = tmp_path_factory.mktemp("store") / "title"
    join_reference(*job, folder)
    return Reference.open(folder)


def test_each_chunk_begins_at_its_own_start(reference):
    """Every fourth picture of each chunk: 75 pictures a chunk are no multiple of four, so the last gap is shorter."""
    assert [round(float(time) * 25) for time in reference.times] == [
        *range(0, 75, 4),
        *range(75, 150, 4),
        *range(150, 185, 4),
    ]
    for look, time in zip(reference.looks(list(reference.times)), reference.times, strict=True):
        assert number(look) == round(float(time) * 25)


def test_a_reference_knows_its_title(reference):
    facts = reference.facts
    assert (facts.segment, facts.positions, facts.strength) == (1, 8, 0.5)
    assert (facts.duration, facts.rate) == (Fraction(37, 5), 25)
    assert facts.aspect == pytest.approx(16 / 9)


def test_pictures_are_found_in_any_order(reference):
    times = [6.0, 0.0, -3.0, 99.0, 3.2, 3.2, 0.07, 0.09]
    assert [number(look) for look in reference.looks(times)] == [150, 0, 0, 182, 79, 79, 0, 4]
    assert [number(frame.look) for frame in reference.frames(sorted(times))] == [0, 0, 0, 4, 79, 79, 150, 182]
    assert list(reference.nearest([0.07, 0.09])) == pytest.approx([0, 0.16])
    assert reference.looks([]) == []


def test_thumbnails_are_those_of_the_pictures(reference):
    assert list(reference.thumbs.times) == list(reference.times)
    assert reference.thumbs.pictures.dtype == np.float32
    made = np.stack([thumb(look) for look in reference.looks(list(reference.times))])
    assert np.abs(reference.thumbs.pictures - made).max() < 2e-3  # stored in eight bits


@pytest.mark.parametrize("broken", ["pictures.mp4", "thumbs.npy", "reference.json"])
@pytest.mark.parametrize("how", ["gone", "cut", "foreign"])
def test_a_damaged_reference_is_not_there(reference, job, tmp_path, broken, how):
    folder = tmp_path / "title"
    join_reference(*job, folder)
    path = folder / broken
    content = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes(content[: len(content) // 3] if how == "cut" else b"[]")
    with pytest.raises(TelecineError) as refused:
        Reference.open(folder)
    assert refused.value.kind is ErrorKind.REFERENCE_MISSING


def test_a_missing_chunk_is_named(job, tmp_path):
    plan, work = job
    copy = Workspace(tmp_path / "work")
    shutil.copytree(work.root, copy.root)
    copy.reference(1).unlink()
    with pytest.raises(TelecineError, match=r"00001\.mp4 is missing"):
        join_reference(plan, copy, tmp_path / "title")


def test_facts_are_plain_json(reference, job, tmp_path):
    join_reference(*job, tmp_path / "title")
    facts = json.loads((tmp_path / "title" / "reference.json").read_text())
    assert facts["segment"] == "1"
    assert facts["duration"] == "37/5"


def copied(path, folder) -> Film:
    folder.mkdir()
    return copy_small(path, folder, CONTEXT)


def test_a_small_copy_has_every_picture_at_its_time(tmp_path):
    leak = clips.make(".mkv", *numbered(2), "-c:v", "libx264", "-crf", "8", "-preset", "ultrafast")
    film = copied(leak, tmp_path / "small")
    assert list(film.times) == pytest.approx([n / 25 for n in range(50)])
    assert [number(look) for look in film.looks([1.0, 0.0, 1.96])] == [25, 0, 49]
    assert list(film.thumbs.times) == pytest.approx([n * 4 / 25 for n in range(13)])
    assert film.step == pytest.approx(0.04)


def test_a_fast_leak_is_copied_at_no_more_than_thirty_a_second(tmp_path):
    leak = clips.make(".mp4", *numbered(2, "60"), "-c:v", "libx264", "-crf", "8", "-preset", "ultrafast")
    film = copied(leak, tmp_path / "small")
    assert len(film.times) == 60
    assert [number(look) for look in film.looks([1.0, 1.99])] == [60, 118]


@pytest.mark.parametrize("name", ["turned", "interlaced", "hdr", "ten bits", "varying rate"])
def test_leaks_of_every_kind_are_copied(name, tmp_path):
    made = {"turned": lambda: clips.rotated(90), "interlaced": clips.interlaced, "hdr": clips.hdr10,
            "ten bits": clips.ten_bit, "varying rate": clips.variable_rate}  # fmt: skip
    film = copied(made[name](), tmp_path / "small")
    assert film.times[-1] > 1.5
    look = film.looks([1.0])[0]
    assert look.shape == (360, 640)
    assert look.std() > 10


def test_a_file_that_is_no_film_is_refused(tmp_path):
    with pytest.raises(TelecineError, match="no film of 640x360"):
        Film(clips.clip(1), np.zeros((25, 336), np.float32))
