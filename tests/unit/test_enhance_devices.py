"""Where networks run, decided from what a machine has."""

import pytest

from telecine.core.enhance.devices import NETWORKS, Graphics, choose_device
from telecine.core.enhance.engines import ENGINES
from telecine.core.errors import ErrorKind, TelecineError

CARD = Graphics(name="the GPU NVIDIA 0x2335")
SOFTWARE = Graphics(name="a Vulkan driver in software", software=True)
BROKEN = Graphics(fault="no driver")


@pytest.mark.parametrize(
    ("wanted", "found", "name"),
    [
        ("auto", CARD, CARD.name),
        ("auto", SOFTWARE, "the CPU"),
        ("auto", Graphics(), "the CPU"),
        ("cpu", CARD, "the CPU"),
        ("gpu", CARD, CARD.name),
        ("gpu", SOFTWARE, SOFTWARE.name),
    ],
)
def test_a_card_is_taken_where_there_is_one(wanted, found, name):
    device = choose_device(wanted, found)
    assert (device.name, device.gpu, device.note) == (name, name != "the CPU", "")


def test_a_card_that_cannot_be_used_is_told_of():
    device = choose_device("auto", BROKEN)
    assert (device.gpu, device.note) == (False, "a GPU cannot be used: no driver")


@pytest.mark.parametrize(("found", "why"), [(BROKEN, "no driver"), (Graphics(), "there is none")])
def test_who_insists_on_a_card_is_refused_without_one(found, why):
    with pytest.raises(TelecineError) as refused:
        choose_device("gpu", found)
    assert refused.value.kind is ErrorKind.ENGINE_MISSING
    assert "TELECINE_LIMITS__NETWORK_DEVICE" in refused.value.detail
    assert why in refused.value.detail


def test_networks_are_engines():
    assert set(ENGINES) >= NETWORKS
