from __future__ import annotations

import pytest

from napari_medssl.cli.engine_choice import choose_workplace
from napari_medssl.errors import UsageError
from napari_medssl.jobs import LocalEngine
from napari_medssl.jobs.cluster import ClusterEngine
from napari_medssl.jobs.engine_settings import EngineBook, settings_from


@pytest.fixture(autouse=True)
def _engines() -> None:
    EngineBook().add("gpus", settings_from("ray", gpus=4, cpus=8))
    EngineBook().add("cores", settings_from("slurm", cpus=16))


def test_this_machine_is_chosen_as_ever() -> None:
    place = choose_workplace("here", "cpu", threads=3, processes=2)
    assert isinstance(place.engine, LocalEngine)
    assert (place.device, place.processes, place.threads) == ("cpu", 2, 3)


@pytest.mark.parametrize(
    ("name", "device", "processes", "found"),
    [
        ("gpus", "auto", None, ("cuda", 4, 8)),
        ("gpus", "cuda:1", 2, ("cuda", 2, 8)),
        ("gpus", "cpu", None, ("cpu", 1, 8)),
        ("cores", "auto", None, ("cpu", 1, 16)),
        ("cores", "cpu", 4, ("cpu", 4, 16)),
    ],
)
def test_a_job_gets_what_its_engine_gives(name, device, processes, found) -> None:
    place = choose_workplace(name, device, processes=processes)
    assert isinstance(place.engine, ClusterEngine)
    assert (place.device, place.processes, place.threads) == found


@pytest.mark.parametrize(
    ("name", "device", "processes", "said"),
    [
        ("cores", "cuda", None, "gives them no GPUs"),
        ("gpus", "mps", None, "the device 'mps'"),
        ("gpus", "auto", 5, "5 processes for 4 GPUs"),
        ("none", "auto", None, "there is no engine 'none'"),
    ],
)
def test_what_it_does_not_have_is_told(name, device, processes, said) -> None:
    with pytest.raises(UsageError, match=said):
        choose_workplace(name, device, processes=processes)
