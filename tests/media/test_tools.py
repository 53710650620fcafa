"""The engines are found, and `telecine doctor` is told truly what they can do."""

from pathlib import Path

import pytest

from telecine.core.errors import ErrorKind, TelecineError
from telecine.media.tools import Tools, capabilities, find_tools


def test_the_wheels_engines_do_all_that_jobs_need() -> None:
    checks = capabilities(find_tools())
    engine_checks = [check for check in checks if not check.name.startswith("media tools")]
    assert [check for check in engine_checks if not check.ok] == []
    assert {check.name.split()[0] for check in engine_checks} == {"ffmpeg", "ffprobe", "packager"}
    assert next(check.found for check in checks if check.name == "packager version").startswith("3.")


def test_a_broken_engine_is_a_failed_check_with_a_cure(tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("this is no program")
    broken.chmod(0o755)
    found = find_tools()
    checks = capabilities(Tools(ffmpeg=broken, ffprobe=tmp_path / "missing", packager=found.packager))
    failed = {check.name: check for check in checks if not check.ok}
    assert {"ffmpeg version", "ffmpeg filters", "ffmpeg encoders", "ffprobe version"} <= set(failed)
    assert all(check.found and check.cure for check in failed.values())
    assert "TELECINE_FFMPEG" in failed["ffmpeg version"].cure


def test_an_engine_that_lacks_something_names_it() -> None:
    found = find_tools()
    checks = capabilities(Tools(ffmpeg=found.ffprobe, ffprobe=found.ffprobe, packager=found.packager))
    filters = next(check for check in checks if check.name == "ffmpeg filters")
    assert not filters.ok
    assert filters.found.startswith("missing: zscale")


def test_engines_can_be_given_by_path() -> None:
    found = find_tools()
    assert find_tools(ffmpeg=str(found.ffmpeg)) == found


@pytest.mark.parametrize("name", ["ffmpeg", "ffprobe", "packager"])
def test_a_given_engine_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(TelecineError, match=name) as caught:
        find_tools(**{name: str(tmp_path / "nothing")})
    assert caught.value.kind is ErrorKind.ENGINE_MISSING
