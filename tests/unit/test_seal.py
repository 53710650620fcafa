"""Secrets at rest: they come back whole, or not at all."""

import base64
import threading

import pytest

from telecine.catalog.seal import Sealer, load_master_key
from telecine.catalog.storages import StorageChanges, StorageValues
from telecine.core.errors import ErrorKind, TelecineError

KEY = bytes(range(32))


def test_a_secret_comes_back():
    sealer = Sealer(KEY)
    for secret in ("", "sesame", "ключ 🔑", "x" * 10_000):
        assert sealer.open(sealer.seal(secret, "storage:1:secret_key"), "storage:1:secret_key") == secret


def test_the_sealed_form_shows_nothing_and_differs_each_time():
    sealer = Sealer(KEY)
    first, second = sealer.seal("sesame", "c"), sealer.seal("sesame", "c")
    assert first != second
    assert "sesame" not in first


def test_a_secret_moved_to_another_row_does_not_open():
    sealer = Sealer(KEY)
    sealed = sealer.seal("sesame", "storage:1:secret_key")
    with pytest.raises(TelecineError) as refused:
        sealer.open(sealed, "storage:2:secret_key")
    assert refused.value.kind is ErrorKind.INTERNAL
    assert "sesame" not in str(refused.value)


def test_a_changed_or_foreign_text_does_not_open():
    sealer = Sealer(KEY)
    sealed = sealer.seal("sesame", "c")
    raw = bytearray(base64.urlsafe_b64decode(sealed[3:]))
    raw[20] ^= 1
    changed = "v1." + base64.urlsafe_b64encode(raw).decode()
    for text in (changed, sealed[:-8], sealed[3:], "v2." + sealed[3:], "", "v1.", "v1.!!", "sesame"):
        with pytest.raises(TelecineError):
            sealer.open(text, "c")
    with pytest.raises(TelecineError):
        Sealer(bytes(32)).open(sealed, "c")


def test_a_key_of_the_wrong_length_is_refused():
    with pytest.raises(TelecineError):
        Sealer(b"short")


def test_secrets_are_not_shown():
    sealer = Sealer(KEY)
    assert str(KEY) not in repr(sealer)
    values = StorageValues("n", "b", "input", "RG011", "AKIA", "sesame")
    assert "sesame" not in repr(values)
    assert "sesame" not in repr(StorageChanges(secret_key="sesame"))


def test_the_configured_key_wins(tmp_path):
    assert load_master_key(base64.b64encode(KEY).decode(), tmp_path / "master.key") == KEY
    assert not (tmp_path / "master.key").exists()


def test_a_key_file_is_made_once_for_its_owner_only(tmp_path):
    path = tmp_path / "data" / "master.key"
    key = load_master_key("", path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_master_key("", path) == key
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_agree_on_the_key(tmp_path):
    keys = []
    threads = [
        threading.Thread(target=lambda: keys.append(load_master_key("", tmp_path / "master.key"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


@pytest.mark.parametrize("text", ["no base64!", base64.b64encode(b"short").decode(), "é"])
def test_a_damaged_key_is_named_and_not_replaced(tmp_path, text):
    path = tmp_path / "master.key"
    path.write_text(text)
    with pytest.raises(TelecineError) as refused:
        load_master_key("", path)
    assert refused.value.kind is ErrorKind.FIELD_INVALID
    assert path.read_text() == text
    with pytest.raises(TelecineError):
        load_master_key(text, path)
