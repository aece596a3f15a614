"""Where a job is computed beyond this machine; see also the command line's own choice."""

from __future__ import annotations

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.jobs.engine_settings import EngineBook, settings_from
from napari_medssl.jobs.engines import Engines
from napari_medssl.jobs.workplace import place_elsewhere


def test_an_engine_gives_what_it_has() -> None:
    EngineBook().add("cores", settings_from("slurm", cpus=16))
    place = place_elsewhere(Engines(), "cores", "auto")
    assert (place.device, place.processes, place.threads) == ("cpu", 1, 16)
    with pytest.raises(UsageError, match="gives them no GPUs"):
        place_elsewhere(Engines(), "cores", "cuda")
    with pytest.raises(UsageError, match="there is no engine 'none'"):
        place_elsewhere(Engines(), "none", "auto")
