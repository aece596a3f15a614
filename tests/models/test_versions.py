from __future__ import annotations

import numpy as np

from napari_medssl.models.versions import versions_of


def test_what_is_not_installed_is_left_out():
    assert versions_of("numpy", "no-such-package-of-ours") == {"numpy": np.__version__}
    assert versions_of() == {}
