"""The bench of tracing must not flatter: what it counts, what it complains of, what it takes for left of a title."""

import numpy as np
import pytest
from bench import trace, trace_lengths
from bench.attacks import ATTACKS, SMOKE, WHOLE, Attack, Group, Shape, named
from bench.collusion import SURE, as_measured
from bench.mixes import mix_named
from bench.pirate import graph
from bench.redraw import REDRAWS
from bench.trace_null import summed_up
from bench.trace_rows import Row, complaints, score, table_row

NAN = float("nan")
SHAPE = Shape(width=64, height=36, rate=25, seconds=20, segment_frames=50)


def attack(**values) -> Attack:
    return Attack(**({"name": "x", "group": Group.CODEC} | values))


def row_of(z, bits, expected=None, **values) -> Row:
    left = range(len(z)) if expected is None else expected
    return score(attack(**values), "720p", np.array(z), bits, left)


class TestMatrix:
    def test_names_are_unique_and_the_usual_eight_are_among_them(self):
        assert len({one.name for one in ATTACKS}) == len(ATTACKS)
        assert len(named(*SMOKE)) == 8

    def test_an_unknown_name_is_refused(self):
        with pytest.raises(ValueError, match="no attack is called crush"):
            named("crush", *SMOKE)

    def test_every_change_and_filter_is_known(self):
        for one in ATTACKS:
            assert one.redraw in ("", *REDRAWS)
            assert "{" not in graph(one, SHAPE), one.name

    def test_a_whole_title_leaves_every_position(self):
        assert attack(cuts=WHOLE).remaining(10, 2.0, 20.0) == list(range(10))

    def test_a_cut_leaves_the_positions_of_which_more_than_half_is_there(self):
        assert attack(cuts=((0.335, 1.0),)).remaining(10, 2.0, 20.0) == list(range(3, 10)), "1.3 s of 2"
        assert attack(cuts=((0.36, 1.0),)).remaining(10, 2.0, 20.0) == list(range(4, 10)), "0.8 s of 2"

    def test_parts_of_a_position_in_two_stretches_are_added(self):
        assert attack(cuts=((0.66, 1.0), (0.0, 0.66))).remaining(10, 2.0, 20.0) == list(range(10))

    def test_the_last_position_may_be_short(self):
        assert attack(cuts=((0.0, 0.97),)).remaining(10, 2.0, 18.5) == list(range(9))


class TestScore:
    def test_z_is_positive_where_variant_0_was_seen(self):
        row = row_of([8.0, -9.0, -7.0], [[0, 1, 0]])
        assert row.right == (8.0, 9.0, -7.0)
        assert (row.wrong, row.errors) == (1, pytest.approx(1 / 3))

    def test_a_segment_without_evidence_is_neither_right_nor_wrong(self):
        row = row_of([8.0, NAN, -7.0], [[0, 1, 1]])
        assert (row.expected, row.right) == (3, (8.0, 7.0))

    def test_what_the_attack_took_away_does_not_count(self):
        row = row_of([-8.0, 5.0], [[0, 0]], expected=[1])
        assert (row.expected, row.right) == (1, (5.0,))

    def test_where_two_copies_differ_nothing_can_be_right(self):
        row = row_of([8.0, -0.5, -7.0], [[0, 1, 1], [0, 0, 1]], mix=mix_named("average of 2"))
        assert (row.expected, row.right, row.split) == (2, (8.0, 7.0), (0.5,))

    def test_a_row_is_the_same_after_it_was_written(self):
        row = row_of([8.0, -0.5], [[0, 1]])
        assert Row.read(row.write()) == row


class TestComplaints:
    def test_nothing_is_wrong_with_a_clear_row(self):
        assert complaints(row_of([8.0, -9.0], [[0, 1]]), attack(prototype=(9.0, 8.0))) == []

    def test_more_errors_than_the_gate_allows(self):
        row = row_of([8.0] * 19 + [-1.0], [[0] * 20])
        assert complaints(row, attack()) == ["720p, x: 5.0% wrong bits, 1% allowed"]
        assert complaints(row, attack(gate=0.05)) == []
        assert complaints(row, attack(gate=None)) == []

    def test_an_error_where_the_prototype_had_none(self):
        row = row_of([8.0] * 19 + [-1.0], [[0] * 20])
        assert complaints(row, attack(gate=0.1, prototype=(9.0, 8.0))) == [
            "720p, x: 1 wrong bits, the prototype had none"
        ]

    def test_a_leak_of_which_little_was_read_is_no_success(self):
        assert complaints(row_of([8.0, NAN, NAN], [[0, 1, 1]]), attack()) == ["720p, x: 1 of 3 segments read"]
        assert complaints(row_of([NAN, NAN], [[0, 1]]), attack()) == ["720p, x: 0 of 2 segments read"]

    def test_what_the_detector_objects_to(self):
        row = score(attack(), "720p", np.array([9.0]), [[0]], [0], ["It does not fit."])
        assert complaints(row, attack()) == ["720p, x: It does not fit."]


def test_a_line_of_the_table():
    row = row_of([8.0, -9.0, 10.0], [[0, 1, 0]])
    line = table_row(row, attack(prototype=(40.9, 30.7)))
    assert line == "| 720p | x | 0% | 9.0 | 8.2 | 8.0 | 3 of 3 | 40.9 / 30.7 |  | 0 |"
    assert "| - | - | - | 0 of 1 |" in table_row(row_of([NAN], [[0]]), attack())


class TestLengths:
    def test_segments_are_read_as_clearly_as_measured(self):
        evidence = as_measured(np.array([SURE, -SURE, SURE]), (8.0,), np.random.default_rng(1))
        assert list(np.sign(evidence)) == [1, -1, 1]
        assert np.abs(evidence) == pytest.approx([128.0] * 3), "2 x median x z"

    def test_averaged_segments_are_read_as_noise(self):
        evidence = as_measured(np.zeros(4000), (8.0,), np.random.default_rng(1))
        shift = np.median(np.abs(evidence))
        assert shift < 2, "nothing like the 128 of a segment that was read"

    def test_a_clear_reading_names_one_leaker_in_forty_segments(self):
        (line, *_) = trace_lengths.lengths((9.0, 10.0), 2.0, trials=10, most=1)
        code, colluders, segments, leak = (cell.strip() for cell in line.split("|")[1:5])
        assert (code, colluders) == ("uniform", "1")
        assert 38 <= int(segments) <= 44
        assert leak == f"{2 * int(segments)} s"

    def test_noise_names_nobody(self):
        (line, *_) = trace_lengths.lengths((1.0, -1.0), 2.0, trials=10, most=1)
        assert f"more than {trace_lengths.LONGEST[1]}" in line


class TestNull:
    def test_chance_is_what_wrong_keys_must_give(self):
        rng = np.random.default_rng(3)
        null = summed_up([rng.standard_normal(50_000) for _ in range(2)])
        assert null.complaints() == []
        assert null.count == 100_000
        assert "(chance: 270)" in str(null)

    def test_a_wider_or_heavier_spread_is_found(self):
        rng = np.random.default_rng(3)
        wider = summed_up([1.03 * rng.standard_normal(100_000)])
        assert wider.complaints()[0] == "wrong keys deviate by 1.029"
        heavier = rng.standard_t(8, 100_000)
        found = summed_up([heavier / heavier.std()]).complaints()
        assert [complaint.split(" lie ")[1].split(",")[0] for complaint in found] == ["beyond 3", "beyond 4"]


class TestWork:
    def test_the_first_rendition_gets_the_whole_matrix(self):
        planned = trace.work((720, 360), (), quick=False)
        assert [attack for rendition, attack in planned if rendition == 0] == list(ATTACKS)
        assert [attack.name for rendition, attack in planned if rendition == 1] == [one.name for one in named(*SMOKE)]

    def test_a_part_of_it(self):
        assert [attack.name for _, attack in trace.work((720,), ("mirrored",), quick=True)] == ["mirrored"]
        assert len(trace.work((720,), (), quick=True)) == 8
