from __future__ import annotations

from pathlib import Path

import pytest

from napari_medssl.cli.segment_files import SegmentFiles, require_all_free
from napari_medssl.errors import SaveError, UsageError
from napari_medssl.models.trained import OutputClass, TrainedCard

CARD = TrainedCard(
    name="organs",
    title="Organs",
    network="unet",
    dimensions=3,
    in_channels=1,
    classes=(OutputClass(6, "liver"), OutputClass(1, "spleen")),
    patch=(16, 16, 16),
    steps=(),
)


def test_one_image_is_written_where_it_was_said() -> None:
    said = (Path("a.nrrd"), Path("p.v2.nii.gz"), Path("d.mha"))
    files = SegmentFiles.of(Path("in/scan.nii"), *said, several=False)
    assert (files.mask, files.uncertainty) == (said[0], said[2])
    assert files.probabilities(CARD) == [Path("p.v2-6.nii.gz"), Path("p.v2-1.nii.gz")]
    assert files.targets(CARD) == [said[0], *files.probabilities(CARD), said[2]]


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("scan.nii.gz", "scan.nii.gz"),
        ("my.scan.v2.nrrd", "my.scan.v2.nii.gz"),
        ("Photo.JPG", "Photo.png"),
        ("series", "series.nii.gz"),
    ],
)
def test_several_are_called_after_their_images(image: str, mask: str) -> None:
    out, probability, doubt = Path("out"), Path("likely"), Path("doubt")
    files = SegmentFiles.of(Path("in") / image, out, probability, doubt, several=True)
    bare = Path(mask).name.removesuffix(".nii.gz").removesuffix(".png")
    assert files.mask == out / mask
    assert files.targets(CARD)[1:] == [
        probability / f"{bare}-6.nii.gz",
        probability / f"{bare}-1.nii.gz",
        doubt / f"{bare}.nii.gz",
    ]
    plain = SegmentFiles.of(Path("in") / image, out, None, None, several=True)
    assert plain.targets(CARD) == [out / mask]


def test_two_images_of_one_name_are_told_before_the_slow_part() -> None:
    files = [
        SegmentFiles.of(Path(folder) / name, Path("out"), None, None, several=True)
        for folder, name in (("a", "scan.nii"), ("b", "scan.nrrd"))
    ]
    with pytest.raises(UsageError, match=r"'scan\.nii' and 'scan\.nrrd', which would both"):
        require_all_free(files, CARD, force=True)


def test_files_that_are_there_are_replaced_with_force_alone(tmp_path: Path) -> None:
    image, mask, likely = (tmp_path / n for n in ("scan.nii", "mask.nii", "p.nii"))
    files = [SegmentFiles.of(image, mask, likely, None, several=False)]
    require_all_free(files, CARD, force=False)
    (tmp_path / "p-1.nii").touch()
    with pytest.raises(UsageError, match=r"'p-1\.nii' exists already.*--force"):
        require_all_free(files, CARD, force=False)
    require_all_free(files, CARD, force=True)


@pytest.mark.parametrize(("mask", "likely"), [("mask.doc", "p.nii"), ("mask.nii", "p.dcm")])
def test_a_name_that_says_no_format_is_refused(tmp_path: Path, mask: str, likely: str) -> None:
    """A mask may be a DICOM object; probabilities may not."""
    files = SegmentFiles.of(
        tmp_path / "scan", tmp_path / mask, tmp_path / likely, None, several=False
    )
    with pytest.raises(SaveError):
        require_all_free([files], CARD, force=False)
    dicom = SegmentFiles.of(tmp_path / "scan", tmp_path / "mask.dcm", None, None, several=False)
    require_all_free([dicom], CARD, force=False)
