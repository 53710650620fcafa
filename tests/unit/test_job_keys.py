"""One job keeps its keys, whatever happens to its site's between two tries."""

import pytest
from tests.keys import KnownKeys, known_key

from telecine.core.drm import ContentKey, Label, Scheme
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.plan import TreeProtection
from telecine.jobs.protection import PINNED, JobKeys
from telecine.media.workspace import Workspace


def protection(scheme: str = "cbcs", key_id: str = "film") -> TreeProtection:
    labels = {"v0": Label.SD, "v1": Label.HD, "v2": Label.HD, "a0": Label.AUDIO}
    return TreeProtection(scheme=Scheme(scheme), key_id=key_id, labels=labels)


class Rotated(KnownKeys):
    """The same source after somebody rotated the content's keys; the old ones can still be found."""

    def __init__(self, before: KnownKeys) -> None:
        super().__init__()
        self._given |= before._given

    def keys_for(self, content_id, labels, scheme):
        return super().keys_for(f"{content_id} again", labels, scheme)


def test_each_label_is_asked_for_once(tmp_path):
    ring = KnownKeys()
    keys = JobKeys(Workspace(tmp_path), ring)
    first = keys(protection())
    assert first == {label: known_key("film", label) for label in (Label.SD, Label.HD, Label.AUDIO)}
    assert keys(protection()) == first
    assert ring.asked == [("film", (Label.AUDIO, Label.HD, Label.SD), Scheme.CBCS)]


def test_a_retry_after_a_rotation_goes_on_with_the_keys_of_the_first_try(tmp_path):
    ring = KnownKeys()
    first = JobKeys(Workspace(tmp_path), ring)(protection())
    again = JobKeys(Workspace(tmp_path), Rotated(ring))
    assert again(protection()) == first
    assert again.by_id() == {key.kid: key.key for key in first.values()}
    assert again.owners() == {key.kid: label for label, key in first.items()}


def test_schemes_and_contents_are_asked_for_apart(tmp_path):
    ring = KnownKeys()
    keys = JobKeys(Workspace(tmp_path), ring)
    for one in (protection("cenc"), protection("cbcs"), protection("cbcs", "other")):
        keys(one)
    assert [(content, scheme.value) for content, _, scheme in ring.asked] == [
        *(("film", "cenc"), ("film", "cbcs"), ("other", "cbcs")),
    ]
    assert len(keys.by_id()) == 6


def test_trees_of_one_content_and_scheme_may_have_other_labels(tmp_path):
    ring = KnownKeys()
    keys = JobKeys(Workspace(tmp_path), ring)
    several = keys(protection())
    single = TreeProtection(scheme=Scheme.CBCS, key_id="film", labels={"v0": Label.ALL, "a0": Label.ALL})
    pictures = TreeProtection(scheme=Scheme.CBCS, key_id="film", labels={"v0": Label.SD, "v1": Label.HD})
    assert keys(single) == {Label.ALL: known_key("film", Label.ALL)}
    assert keys(pictures) == {label: several[label] for label in (Label.SD, Label.HD)}
    assert len(keys.by_id()) == 4
    assert [labels for _, labels, _ in ring.asked] == [(Label.AUDIO, Label.HD, Label.SD), (Label.ALL,)]


def test_no_secret_is_written_down(tmp_path):
    keys = JobKeys(Workspace(tmp_path), KnownKeys())(protection())
    written = (tmp_path / PINNED).read_text()
    for key in keys.values():
        assert key.kid.hex() in written
        assert key.key.hex() not in written


def test_a_key_that_is_gone_is_named(tmp_path):
    JobKeys(Workspace(tmp_path), KnownKeys())(protection())
    with pytest.raises(TelecineError) as caught:
        JobKeys(Workspace(tmp_path), KnownKeys())(protection())
    assert caught.value.kind is ErrorKind.KEYS_REFUSED
    assert "with which this job began" in caught.value.message


def test_keys_can_be_shown_without_being_told(tmp_path):
    (key, *_) = JobKeys(Workspace(tmp_path), KnownKeys())(protection()).values()
    assert isinstance(key, ContentKey)
    assert key.key.hex() not in repr(key)
