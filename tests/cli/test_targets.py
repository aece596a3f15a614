from pathlib import Path

import pytest

from napari_medssl.cli.targets import require_free
from napari_medssl.errors import UsageError


def test_only_a_file_that_was_meant_is_replaced(tmp_path: Path) -> None:
    mask, other, new = (tmp_path / name for name in ("mask.nii", "other.nii", "new.nii"))
    mask.touch()
    other.touch()
    require_free(new, force=False)
    require_free(mask, force=False, own=mask)
    require_free(other, force=True)
    with pytest.raises(UsageError, match="--force"):
        require_free(other, force=False, own=mask)
