from __future__ import annotations

import pytest

from napari_medssl.jobs.paths import spec_there, there
from napari_medssl.jobs.spec import new_spec

PATHS = {"/home/me": "/mnt/me", "/home/me/data/": "/srv/data", "C:\\scans": "/srv/scans"}


@pytest.mark.parametrize(
    ("here", "found"),
    [
        ("/home/me/a/b", "/mnt/me/a/b"),
        ("/home/me", "/mnt/me"),
        ("/home/me/data/x.nii", "/srv/data/x.nii"),
        ("/home/meadow/a", "/home/meadow/a"),
        ("C:\\scans\\a\\b.nii", "/srv/scans/a/b.nii"),
        ("words of a title", "words of a title"),
    ],
)
def test_a_folder_is_found_on_the_other_machine(here: str, found: str) -> None:
    assert there(here, PATHS) == found


def test_all_texts_of_a_spec_are_looked_at() -> None:
    given = {"source": {"images": "/home/me/i"}, "some": ["/home/me/j", 3, None], "steps": 5}
    spec = spec_there(new_spec("count", given), PATHS)
    assert spec.arguments == {
        "source": {"images": "/mnt/me/i"},
        "some": ["/mnt/me/j", 3, None],
        "steps": 5,
    }
    assert spec_there(spec, {}) is spec
