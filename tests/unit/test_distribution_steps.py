"""The steps of a distribution over a work folder: room is looked for first, and what is finished is found."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from tests import clips
from tests.jobs import SITE, services_in
from tests.prepared import PLAN, prepare

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits
from telecine.core.master import MasterPlan
from telecine.jobs import distribution_steps as steps
from telecine.media.context import Context
from telecine.media.workspace import Workspace

Usage = namedtuple("Usage", "total used free")
POOL = MasterPlan.model_validate(PLAN)
INDIVIDUAL = MasterPlan.model_validate(PLAN | {"mode": "individual", "chips": 36})
GB = 10**9


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A work folder with a master of 10 GB, of which nothing is on the disk."""
    made = Workspace(tmp_path / "work")
    source = made.input_file(0)
    source.parent.mkdir(parents=True)
    with source.open("wb") as file:
        file.truncate(10 * GB)
    return made


@pytest.fixture
def context() -> Context:
    return Context(clips.tools(), MediaLimits())


@pytest.fixture
def keys(tmp_path: Path):
    return services_in(tmp_path / "services").recipient_keys(SITE, "film", POOL.code)


def free(monkeypatch: pytest.MonkeyPatch, gigabytes: float) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000 * GB, 0, int(gigabytes * GB)))


def test_a_master_for_which_there_is_no_room_is_refused_with_numbers(workspace, tmp_path, monkeypatch):
    free(monkeypatch, 39.9)
    with pytest.raises(TelecineError) as raised:
        steps.check_room(POOL, workspace, tmp_path / "store")
    assert raised.value.kind is ErrorKind.INPUT_OVER_LIMIT
    told = "a master of 10.0 GB needs 40.0 GB more of the work folder's disk, which has 39.9 GB free."
    assert told in str(raised.value)


def test_what_an_earlier_attempt_has_made_needs_no_room_any_more(workspace, tmp_path, monkeypatch):
    take = workspace.take("0", 0)
    take.parent.mkdir(parents=True)
    with take.open("wb") as file:
        file.truncate(5 * GB)
    free(monkeypatch, 35)
    steps.check_room(POOL, workspace, tmp_path / "store")


def test_a_take_that_is_finished_is_not_encoded_again(workspace, context, keys, monkeypatch):
    monkeypatch.setattr(steps.master_encode, "encode_takes", lambda *_: pytest.fail("encoded again"))
    for path in (workspace.take("0", 0), workspace.take("1", 0), workspace.reference(0)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert not steps.encode_takes(POOL, 0, workspace, context, keys)


def test_nothing_is_encoded_for_a_master_that_is_prepared_already(workspace, context, keys, monkeypatch):
    monkeypatch.setattr(steps.master_encode, "encode_takes", lambda *_: pytest.fail("encoded again"))
    prepare(workspace.prepared)
    assert not steps.encode_takes(POOL, 0, workspace, context, keys)


class TestAnIndividualCopy:
    @pytest.fixture
    def assembled(self, workspace, monkeypatch):
        """Encoded for recipient 7; the media layer only writes that it was called."""
        calls = []

        def assemble(plan, workspace, context, names, targets):
            calls.append(names)
            targets[0].write_bytes(b"copy")
            return prepare(workspace.root / "other")[0].model_copy(update={"size": 4})

        monkeypatch.setattr(steps.splice, "assemble", assemble)
        monkeypatch.setattr(steps.verify_copy, "verify_copy", lambda *_: calls.append("verified"))
        take = workspace.take("r7", 0)
        take.parent.mkdir(parents=True)
        take.write_bytes(b"take")
        return calls

    def test_is_assembled_once_and_verified_and_its_takes_go(self, workspace, context, assembled):
        for _ in range(2):
            steps.assemble_copy(INDIVIDUAL, 7, workspace, context)
        assert assembled == [["r7"], "verified"]
        assert not workspace.take("r7", 0).exists()
        assert list(workspace.temporaries()) == []
        steps.drop_copy(workspace, 7)
        assert not steps.copy_folder(workspace, 7).exists()

    def test_that_fails_verification_is_made_anew_from_the_beginning(self, workspace, context, assembled, monkeypatch):
        def fail(*_):
            raise TelecineError(ErrorKind.VERIFY_FAILED, "a frame is gone.")

        monkeypatch.setattr(steps.verify_copy, "verify_copy", fail)
        with pytest.raises(TelecineError):
            steps.assemble_copy(INDIVIDUAL, 7, workspace, context)
        assert not workspace.take("r7", 0).exists()
        assert not steps.copy_folder(workspace, 7).exists()
