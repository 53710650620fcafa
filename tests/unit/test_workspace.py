"""Finished work has its final name; everything else is recognisably temporary."""

from pathlib import Path

import pytest

from telecine.media.workspace import Workspace, finish, write_finished


def test_names_are_fixed_and_below_the_root() -> None:
    workspace = Workspace(Path("/w"))
    assert workspace.relative(workspace.input_file(1)) == "input/1/source"
    assert workspace.relative(workspace.subtitle(0)) == "subtitle/0/source"
    assert workspace.relative(workspace.chunk("v0", 12)) == "chunk/v0/00012.mp4"
    assert workspace.relative(workspace.video("v0")) == "video/v0.mp4"
    assert workspace.relative(workspace.audio("a0")) == "audio/a0.mp4"
    assert workspace.relative(workspace.tree) == "tree"


def test_two_workers_never_share_a_temporary_name(tmp_path: Path) -> None:
    names = {Workspace(tmp_path).temporary(tmp_path / "video" / "v0.mp4") for _ in range(2)}
    assert len(names) == 2
    for name in names:
        assert name.parent.is_dir()
        assert name.suffix == ".mp4"


def test_finishing_a_file_replaces_an_older_one(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for content in (b"one", b"two"):
        write_finished(workspace, workspace.plan, content)
    assert workspace.plan.read_bytes() == b"two"
    assert list(workspace.temporaries()) == []


def test_finishing_a_folder_moves_it_whole(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    draft = workspace.temporary(workspace.tree)
    (draft / "dash").mkdir(parents=True)
    (draft / "dash" / "stream.mpd").write_text("x")
    finish(draft, workspace.tree)
    assert (workspace.tree / "dash" / "stream.mpd").read_text() == "x"


def test_the_second_to_finish_a_folder_gives_way(tmp_path: Path) -> None:
    for content in ("first", "second"):
        workspace = Workspace(tmp_path)
        draft = workspace.temporary(workspace.tree)
        draft.mkdir()
        (draft / "file").write_text(content)
        finish(draft, workspace.tree)
    assert (tmp_path / "tree" / "file").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]


def test_what_a_killed_worker_left_is_found(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    left = [workspace.temporary(workspace.chunk("v0", 0)), workspace.temporary(workspace.plan)]
    analysis = workspace.temporary(workspace.analysis("v0", 0))
    left.append(analysis.with_name(f"{analysis.name}.temp"))
    for path in left:
        path.touch()
    workspace.video("v0").parent.mkdir()
    workspace.video("v0").touch()
    assert sorted(Workspace(tmp_path).temporaries()) == sorted(left)


def test_a_missing_draft_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        finish(tmp_path / "missing", tmp_path / "final")
