"""Masters as the world makes them: many tracks, edit lists, old tables; and those that cannot be kept are refused."""

import json
import shutil
import subprocess
from itertools import pairwise

import pytest
from tests.clips import FAST_H264, ffmpeg, make, picture, tone, tools
from tests.media.splicing import (
    COLOURS,
    MASTERS,
    context,
    copy_of,
    described,
    other_bytes,
    pictures_of,
    plan_of,
    prepared_of,
    some_takes,
    studio,
    take_of,
)

from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.master import TAKES
from telecine.media.context import Context
from telecine.media.copies import splice_mxf, splice_quicktime, verify_copy
from telecine.media.copies.mxf_master import check_mxf
from telecine.media.copies.splice import assemble, prepare_master, prepared_file
from telecine.media.copies.verify_copy import verify_prepared

KIND = MASTERS["h264"]


@pytest.fixture
def made(tmp_path):
    return studio(tmp_path / "work", KIND)


def put_master(workspace, master):
    """Another file as the master of the same pictures."""
    shutil.copyfile(master, workspace.input_file(0))


def remuxed(*arguments, suffix=".mp4"):
    source = KIND.source()
    return make(suffix, "-i", source, "-c", "copy", *arguments, inputs=(source,))


def refusal(kind, call, *arguments):
    with pytest.raises(TelecineError) as caught:
        call(*arguments)
    assert caught.value.kind is kind, caught.value
    return str(caught.value)


def many_tracks(folder):
    """Two languages, subtitles, chapters, tags, and a picture that begins later than the sound."""
    subtitles, chapters = folder / "text.srt", folder / "chapters.txt"
    subtitles.write_text("1\n00:00:00,500 --> 00:00:01,500\nHello\n")
    chapters.write_text(
        ";FFMETADATA1\ntitle=Film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2240\ntitle=Two\n"
    )
    target = folder / "many.mp4"
    ffmpeg(
        *("-itsoffset", "0.2", "-i", KIND.source()),
        *(*tone(2.24, 440), *tone(2.24, 880), "-i", subtitles, "-i", chapters),
        *("-map", "0:v", "-map", "1", "-map", "2", "-map", "3", "-map_metadata", "4", "-map_chapters", "4"),
        *("-c:v", "copy", "-c:a", "aac", "-c:s", "mov_text"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=kor", target),
    )
    return target


class TestKept:
    def test_many_tracks_tags_and_chapters_are_the_masters(self, made, tmp_path):
        plan, workspace = made
        master = many_tracks(tmp_path)
        put_master(workspace, master)
        prepare_master(plan, workspace, context())
        verify_prepared(plan, workspace, context())
        copy = copy_of(plan, workspace, some_takes(plan, 1), tmp_path / "copy.mp4")
        assert other_bytes(copy) == other_bytes(master)
        assert chapters_and_tags(copy) == chapters_and_tags(master)
        times = [[stream["start_time"] for stream in described(file)["streams"]] for file in (master, copy)]
        assert times[0] == times[1]
        assert float(times[0][0]) == pytest.approx(0.2)

    def test_files_too_long_for_offsets_of_32_bits_have_those_of_64(self, made, tmp_path, monkeypatch):
        plan, workspace = made
        monkeypatch.setattr(splice_quicktime, "NARROW", 1000)
        prepare_master(plan, workspace, context())
        verify_prepared(plan, workspace, context())
        files = [prepared_file(workspace.prepared, plan, take) for take in TAKES]
        assert b"co64" in files[0].read_bytes()
        assert b"stco" not in files[0].read_bytes()
        assert len(pictures_of(files[1])) == plan.frames

    def test_a_master_without_a_sound_and_with_its_boxes_first(self, made):
        plan, workspace = made
        put_master(workspace, remuxed("-an", "-movflags", "+faststart"))
        prepare_master(plan, workspace, context())
        verify_prepared(plan, workspace, context())

    def test_reordered_pictures_in_a_master_that_had_none(self, made, tmp_path):
        """The encode's offsets are then negative, and no edit list moves."""
        plan, workspace = made
        seconds = plan.frames / 25
        inputs = [*picture(seconds), *tone(seconds)]
        put_master(workspace, make(".mp4", *inputs, *FAST_H264, "-bf", "0", *COLOURS, "-c:a", "aac"))
        prepare_master(plan, workspace, context())
        verify_prepared(plan, workspace, context())
        content = prepared_file(workspace.prepared, plan, 0).read_bytes()
        assert b"cslg" in content
        assert b"iso4" in content[: content.index(b"moov")]

    def test_a_cover_is_no_second_picture(self, made, tmp_path):
        plan, workspace = made
        cover, master = tmp_path / "cover.png", tmp_path / "cover.mp4"
        ffmpeg(*picture(1), "-frames:v", "1", cover)
        ffmpeg("-i", KIND.source(), "-i", cover, "-map", "0", "-map", "1", "-c", "copy", master)
        put_master(workspace, master)
        prepare_master(plan, workspace, context())
        verify_prepared(plan, workspace, context())

    def test_a_retry_after_a_kill_begins_anew(self, made):
        plan, workspace = made
        left = workspace.temporary(workspace.prepared)
        left.mkdir(parents=True)
        (left / "0.mp4").write_bytes(b"half")
        prepare_master(plan, workspace, context())
        verify_prepared(plan, workspace, context())
        assert sorted(path.name for path in workspace.prepared.iterdir()) == ["0.mp4", "1.mp4", "prepared.json"]


def chapters_and_tags(file):
    asked = ("-v", "error", "-of", "json", "-show_chapters", "-show_format", "-show_streams", file)
    said = json.loads(subprocess.run([tools().ffprobe, *asked], capture_output=True, check=True).stdout)
    tags = [stream.get("tags") for stream in said["streams"]]
    return said["chapters"], said["format"]["tags"], tags


class TestRefused:
    def test_a_master_in_fragments(self, made):
        plan, workspace = made
        put_master(workspace, remuxed("-movflags", "frag_keyframe+empty_moov"))
        assert "it is in fragments" in refusal(ErrorKind.MASTER_REFUSED, prepare_master, plan, workspace, context())
        assert not workspace.prepared.exists()

    def test_a_master_whose_media_are_elsewhere(self, made):
        plan, workspace = made
        content = bytearray(workspace.input_file(0).read_bytes())
        at = content.index(b"url \0\0\0\1")
        content[at + 7] = 0
        workspace.input_file(0).write_bytes(content)
        said = refusal(ErrorKind.MASTER_REFUSED, prepare_master, plan, workspace, context())
        assert "lie in other files" in said

    def test_an_encrypted_master(self, made):
        plan, workspace = made
        scheme = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "00" * 16, "-encryption_kid", "11" * 16)
        put_master(workspace, remuxed(*scheme))
        assert "encrypted" in refusal(ErrorKind.MASTER_REFUSED, prepare_master, plan, workspace, context())

    def test_a_second_picture_which_nobody_would_mark(self, made):
        plan, workspace = made
        source = KIND.source()
        twice = make(".mp4", "-i", source, "-map", "0:v", "-map", "0:v", "-map", "0:a", "-c", "copy", inputs=(source,))
        put_master(workspace, twice)
        assert "second picture" in refusal(ErrorKind.MASTER_REFUSED, prepare_master, plan, workspace, context())

    def test_pictures_that_are_never_shown(self, made):
        plan, workspace = made
        put_master(workspace, make(".mp4", *picture(3), *FAST_H264))
        said = refusal(ErrorKind.MASTER_REFUSED, prepare_master, plan, workspace, context())
        assert "75 samples, of which 56 are shown" in said

    @pytest.mark.parametrize("length", [0, 100, 2000])
    def test_a_master_that_is_cut_off(self, made, length):
        plan, workspace = made
        content = workspace.input_file(0).read_bytes()
        workspace.input_file(0).write_bytes(content[:length])
        refusal(ErrorKind.INPUT_UNREADABLE, prepare_master, plan, workspace, context())

    @pytest.mark.parametrize("table", [b"stco", b"stsc", b"stsz", b"stts", b"ctts", b"stsd", b"dref", b"hdlr"])
    def test_tables_that_make_no_sense_are_refused_and_reserve_no_memory(self, made, table):
        plan, workspace = made
        good = workspace.input_file(0).read_bytes()
        at = good.index(table)
        kinds = set()
        for place in (at, at + 4, at + 8, at + 12):
            content = bytearray(good)
            content[place : place + 4] = b"\x7f\xff\xff\xf0"
            workspace.input_file(0).write_bytes(content)
            try:
                prepare_master(plan, workspace, context())
            except TelecineError as error:
                kinds.add(error.kind)
            else:
                shutil.rmtree(workspace.prepared)
        assert kinds <= {ErrorKind.INPUT_UNREADABLE, ErrorKind.MASTER_REFUSED}


class TestTakes:
    def test_a_missing_chunk_is_named(self, made):
        plan, workspace = made
        workspace.take("1", 1).unlink()
        said = refusal(ErrorKind.ENCODE_FAILED, prepare_master, plan, workspace, context())
        assert "chunk 1 of take 1 is missing" in said

    def test_a_chunk_of_too_few_pictures(self, made):
        plan, workspace = made
        chunk = plan.chunks[0]
        fewer = chunk.model_copy(update={"frames": chunk.frames - 1})
        shutil.copyfile(take_of(KIND, KIND.source(), fewer, 6), workspace.take("0", 0))
        said = refusal(ErrorKind.ENCODE_FAILED, prepare_master, plan, workspace, context())
        assert "chunk 0 of take 0 has 27 of its 28 pictures" in said

    def test_takes_with_other_kinds_of_pictures_cannot_have_one_layout(self, made):
        plan, workspace = made
        unlike = take_of(KIND, KIND.source(), plan.chunks[0], 6, "-x264-params", "keyint=14:min-keyint=14:bframes=0")
        shutil.copyfile(unlike, workspace.take("1", 0))
        refusal(ErrorKind.ENCODE_FAILED, prepare_master, plan, workspace, context())

    def test_other_parameters_than_the_first_chunk(self, made):
        plan, workspace = made
        unlike = take_of(KIND, KIND.source(), plan.chunks[1], 6, "-level", "5.1")
        shutil.copyfile(unlike, workspace.take("0", 1))
        said = refusal(ErrorKind.ENCODE_FAILED, prepare_master, plan, workspace, context())
        assert "chunk 1 of take 0 was encoded with other parameters than the first" in said

    def test_groups_that_do_not_begin_with_a_key_picture(self, made):
        plan, workspace = made
        plan = plan.model_copy(update={"group": 7})
        said = refusal(ErrorKind.ENCODE_FAILED, prepare_master, plan, workspace, context())
        assert "no key picture at the beginning of group 1" in said or "mixes groups" in said

    def test_a_stop_leaves_nothing_behind(self, made, tmp_path, monkeypatch):
        plan, workspace = made
        monkeypatch.setattr("telecine.media.copies.splice._REPORTED", 1)

        def stop(_tick):
            raise Cancelled

        stopping = Context(tools(), context().limits, report=stop)
        with pytest.raises(Cancelled):
            assemble(plan, workspace, stopping, ["0"], [workspace.root / "copies" / "0.mp4"])
        assert list(workspace.temporaries()) == []
        assert not (workspace.root / "copies" / "0.mp4").exists()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("sound", "other bytes in its sound or data"),
        ("picture", ""),
        ("cut", ""),
        ("border", "between the borders"),
        ("head", "differs from the other take outside pictures"),
    ],
)
def test_verification_finds_what_is_wrong_with_a_prepared_master(made, damage, words):
    plan, workspace = made
    prepare_master(plan, workspace, context())
    prepared = prepared_of(workspace)
    target = prepared_file(workspace.prepared, plan, 1)
    content = bytearray(target.read_bytes())
    if damage == "sound":
        content[prepared.borders[-1] + 2 :] = bytes(len(content) - prepared.borders[-1] - 2)
    elif damage == "picture":
        content[prepared.borders[1] + 40 : prepared.borders[1] + 300] = b"\xff" * 260
    elif damage == "cut":
        del content[-100:]
    elif damage == "head":
        at = content.index(b"udta") + 40
        content[at] ^= 1
    target.write_bytes(content)
    if damage == "border":
        borders = list(prepared.borders)
        borders[2] += 3
        said = prepared.model_copy(update={"borders": tuple(borders)})
        (workspace.prepared / "prepared.json").write_text(said.model_dump_json())
    assert words in refusal(ErrorKind.VERIFY_FAILED, verify_prepared, plan, workspace, context())


def test_a_long_master_is_decoded_in_stretches_and_damage_there_is_found(made, monkeypatch):
    plan, workspace = made
    for name, value in (("WHOLE_SECONDS", 1), ("STRETCH_SECONDS", 1), ("STRIDE_SECONDS", 1)):
        monkeypatch.setattr(verify_copy, name, value)
    prepare_master(plan, workspace, context())
    commands, ticks = [], []
    watched = Context(tools(), context().limits, report=ticks.append, log=commands.append)
    verify_prepared(plan, workspace, watched)
    assert sum("-ss" in command for command in commands) == 6
    assert ticks[-1].fraction == 1
    assert all(before.done <= after.done for before, after in pairwise(ticks))
    target = prepared_file(workspace.prepared, plan, 1)
    content = bytearray(target.read_bytes())
    begin = prepared_of(workspace).borders[2]
    content[begin + 100 : begin + 1600] = b"\xff" * 1500
    target.write_bytes(content)
    refusal(ErrorKind.VERIFY_FAILED, verify_prepared, plan, workspace, context())


def test_tracks_that_mxf_cannot_hold_are_refused_by_name(tmp_path):
    plan, workspace = studio(tmp_path / "work", MASTERS["xdcam"])
    sound = make(".mkv", *tone(2.24), "-c:a", "flac")
    put_master(workspace, sound)
    plan = plan.model_copy(update={"stream": 7})
    foreign = Context(tools(), context().limits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splice_mxf, "check_mxf", lambda _path: None)
        patch.setattr(splice_mxf, "safe_input", lambda _form, path, _limits: ["-i", str(path)])
        said = refusal(ErrorKind.MASTER_REFUSED, prepare_master, plan, workspace, foreign)
    assert "other tracks cannot be written to MXF" in said


class TestMxf:
    def test_xdcam_is_op1a(self):
        check_mxf(MASTERS["xdcam"].source())

    def test_copies_have_identifiers_of_their_own_and_all_copies_of_a_master_the_same(self, tmp_path):
        found = {}
        for name in ("xdcam", "dnxhr"):
            plan, workspace = studio(tmp_path / name, MASTERS[name])
            prepare_master(plan, workspace, context())
            files = [workspace.input_file(0), *(prepared_file(workspace.prepared, plan, take) for take in TAKES)]
            found[name] = [described(file)["format"]["tags"]["material_package_umid"] for file in files]
            assert found[name][1] == found[name][2] != found[name][0]
            assert set(found[name][1][34:]) != {"0"}
        assert found["xdcam"][1] != found["dnxhr"][1]

    def test_op_atom_is_refused(self):
        atom = make(".mxf", *picture(1), *MASTERS["dnxhr"].take, "-f", "mxf_opatom")
        assert "it is not OP1a" in refusal(ErrorKind.MASTER_REFUSED, check_mxf, atom)

    def test_d10_is_refused(self):
        fixed = (
            "-b:v",
            "30M",
            "-minrate",
            "30M",
            "-maxrate",
            "30M",
            "-bufsize",
            "1200k",
            "-rc_init_occupancy",
            "1200k",
        )
        encoder = ("-c:v", "mpeg2video", "-pix_fmt", "yuv422p", "-g", "1", "-flags", "+ildct+low_delay", *fixed)
        d10 = make(".mxf", *picture(1, "25", "720x608"), *encoder, "-dc", "10", "-qmax", "12", "-f", "mxf_d10")
        assert "D-10" in refusal(ErrorKind.MASTER_REFUSED, check_mxf, d10)

    @pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\x06\x0e\x2b\x34" + bytes(30)])
    def test_what_is_no_mxf_cannot_be_read(self, tmp_path, content):
        (tmp_path / "master").write_bytes(content)
        refusal(ErrorKind.INPUT_UNREADABLE, check_mxf, tmp_path / "master")


def test_the_plan_of_the_test_is_the_master(made):
    plan, _ = made
    assert plan == plan_of(KIND, KIND.source())
