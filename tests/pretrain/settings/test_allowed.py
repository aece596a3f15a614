from __future__ import annotations

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.pretrain.settings.allowed import one_of, within


def test_what_is_allowed_comes_back():
    assert one_of("loss", "focal", ("focal", "tversky")) == "focal"
    assert within("part", 0.0, 0, 1) == 0.0
    assert within("part", 1.0, 0, 1) == 1.0
    assert within("around", 1e9, 1) == 1e9


def test_what_is_not_is_refused_with_what_would_do():
    with pytest.raises(UsageError, match=r"loss=dice; expected one of focal, tversky\."):
        one_of("loss", "dice", ("focal", "tversky"))
    with pytest.raises(UsageError, match=r"part=1\.5; expected 0 to 1\."):
        within("part", 1.5, 0, 1)
    with pytest.raises(UsageError, match=r"around=0\.5; expected 1 or more\."):
        within("around", 0.5, 1)
