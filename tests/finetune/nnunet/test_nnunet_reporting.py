from __future__ import annotations

from typing import Any

import pytest

from napari_medssl.finetune.nnunet import reporting
from napari_medssl.finetune.nnunet.reporting import Pace


class Kept:
    def __init__(self) -> None:
        self.told: list[tuple[float, float, str, float | None]] = []

    def progress(
        self, done: float, total: float, doing: str = "", seconds_left: float | None = None
    ) -> None:
        self.told.append((done, total, doing, seconds_left))

    def metric(self, step: int, **values: Any) -> None:
        pass

    def warning(self, text: str) -> None:
        pass


def test_the_time_left_is_that_of_all_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(reporting.time, "monotonic", lambda: clock[0])
    kept = Kept()
    pace = Pace(kept, total=8)
    pace.begin("resumed", 2)  # two epochs of an earlier process tell nothing of the time
    assert kept.told[-1] == (2, 8, "resumed", None)
    clock[0] += 10
    pace.move(3)
    assert kept.told[-1] == (3, 8, "resumed", 50)
    clock[0] += 1
    pace.move(3.1)  # too soon to be read
    assert kept.told[-1][0] == 3
    clock[0] += 9
    pace.move(4, at_once=True)
    pace.end(4)
    assert kept.told[-1] == (4, 8, "resumed", 40)
    pace.begin("next", 0)
    assert kept.told[-1][:3] == (4, 8, "next")
