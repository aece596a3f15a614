from __future__ import annotations

import warnings

import pytest

from napari_medssl.models.quiet_imports import quiet_imports


@pytest.mark.parametrize("category", [FutureWarning, DeprecationWarning])
def test_old_parts_of_torch_are_not_spoken_of(category):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with quiet_imports():
            warnings.warn("`torch.jit.script` is deprecated", category, stacklevel=1)
            warnings.warn("something else is old", category, stacklevel=1)
        warnings.warn("`torch.jit.script` is deprecated", category, stacklevel=1)
    assert [str(one.message)[:10] for one in said] == ["something ", "`torch.jit"]


def test_old_names_of_timm_are_not_spoken_of():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with quiet_imports():
            for module in ("timm.models.layers", "ours"):
                warnings.warn_explicit("moved", FutureWarning, f"{module}.py", 1, module)
    assert [one.filename for one in said] == ["ours.py"]
