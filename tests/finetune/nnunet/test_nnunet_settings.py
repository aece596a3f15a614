from __future__ import annotations

from typing import Any

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.finetune.nnunet.settings import (
    NnunetSettings,
    parse_configurations,
    parse_folds,
)


def test_nnunets_own_are_the_defaults() -> None:
    settings = NnunetSettings()
    assert (settings.epochs, settings.iterations, settings.validation_iterations) == (1000, 250, 50)
    assert settings.folds == (0, 1, 2, 3, 4)
    assert NnunetSettings(iterations=1).validation_iterations == 1


def test_words_of_the_command_line() -> None:
    assert parse_configurations("auto") == ()
    assert parse_configurations("2d, 3d_fullres") == ("2d", "3d_fullres")
    assert parse_folds("all") == (0, 1, 2, 3, 4)
    assert parse_folds("3,0,3") == (0, 3)
    for wrong in ("", "x", "5"):
        with pytest.raises(UsageError):
            parse_folds(wrong)
    with pytest.raises(UsageError, match="3d_cascade_fullres"):
        parse_configurations("2d,5d")


@pytest.mark.parametrize(
    "wrong",
    [{"epochs": 0}, {"iterations": 0}, {"workers": -1}, {"memory_gb": 0}, {"folds": ()}],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        NnunetSettings(**wrong)
