from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from case_studies import CASE, SHAPE, paint, project_of, write_image
from dicom_phantoms import SliceMaker, axial

from napari_medssl.errors import ChangedImageError, MissingImageError, UnreadableFileError
from napari_medssl.io import read_volume, write_labels, write_volume
from napari_medssl.project import create_project, open_project
from napari_medssl.volume import Geometry, Volume


def write_series(folder: Path, maker: SliceMaker, *, patient: str, slices: int = 5) -> None:
    """Write a DICOM series of phantoms."""
    folder.mkdir(parents=True, exist_ok=True)
    maker.write_all(folder, axial(2.0 * n for n in range(slices)), PatientID=patient)


def test_a_folder_is_added_once(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_image(tmp_path / "images" / "b.nii.gz", 1)
    write_image(tmp_path / "images" / "deep" / "a.mha", 2)
    shutil.copy(tmp_path / "images" / "b.nii.gz", tmp_path / "images" / "copy.nii.gz")
    (tmp_path / "images" / "notes.txt").touch()
    with create_project(tmp_path / "project") as project:
        report = project.add(tmp_path / "images", progress=lambda *n: seen.append(n))
        assert report.added == ("case-001", "case-002")
        assert report.already == ("case-001",)
        assert report.refused == report.masks == ()
        assert seen == [(1, 3), (2, 3), (3, 3)]
        assert [case.name for case in project.cases()] == ["b", "a"]
        again = project.add(tmp_path / "images" / "b.nii.gz")
        assert (again.added, again.already) == ((), ("case-001",))
        case = project.case("case-002")
        assert (case.status, case.steps, case.done_slices, case.voxels) == ("new", 0, 0, {})
        assert case.grid.shape == SHAPE
        assert case.image == tmp_path / "images" / "deep" / "a.mha"
        assert case.patient is None


def test_masks_are_no_images(tmp_path: Path) -> None:
    images = tmp_path / "images"
    scan = read_volume(write_image(images / "scan.nii.gz"))
    for name in (
        "labelsTr/scan.nii.gz",
        "masks/a.nii",
        "scan_mask.nii",
        "scan_Seg.nii.gz",
        "t1_seg-manual.nii",
    ):
        write_image(images / name)
    write_labels(np.zeros(SHAPE, np.uint8), scan, images / "outlined.nii.gz")
    with create_project(tmp_path / "project") as project:
        report = project.add(images)
        assert report.added == ("case-001",)
        assert sorted(report.masks) == [
            *("a.nii", "outlined.nii.gz", "scan.nii.gz", "scan_Seg.nii.gz", "scan_mask.nii"),
            "t1_seg-manual.nii",
        ]
        named = project.add(images / "outlined.nii.gz")
        assert named.masks == ("outlined.nii.gz",)


def test_what_cannot_be_read_gets_a_sentence_and_the_rest_is_added(tmp_path: Path) -> None:
    images = tmp_path / "images"
    whole = write_image(images / "good.nii").read_bytes()
    (images / "cut.nii").write_bytes(whole[:-100])
    (images / "bad.dcm").write_bytes(b"no DICOM at all")
    with create_project(tmp_path / "project") as project:
        report = project.add(images)
        assert report.added == ("case-001",)
        assert sorted(name for name, _ in report.refused) == ["bad.dcm", "cut.nii"]
        for name, sentence in report.refused:
            assert f"'{name}'" in sentence
            assert str(tmp_path) not in sentence
        with pytest.raises(UnreadableFileError, match="there is no 'nowhere'"):
            project.add(tmp_path / "nowhere")


def test_each_series_is_a_case_and_a_patient_is_known_by_a_key(tmp_path: Path) -> None:
    images = tmp_path / "images"
    for name, series, patient in (
        ("one", "1.2.3.111", "CANARY-4711"),
        ("two", "1.2.3.222", "CANARY-4711"),
        ("three", "1.2.3.333", "CANARY-1"),
        ("three", "1.2.3.444", ""),
    ):
        number = int(series[-1])
        maker = SliceMaker(series=series, series_number=number, offset=10.0 * number)
        write_series(images / name, maker, patient=patient)
    with create_project(tmp_path / "project") as project:
        report = project.add(images)
        assert len(report.added) == 4
        by_name = {case.name: case for case in project.cases()}
        assert sorted(by_name) == ["one", "three", "three (2)", "two"]
        keys = {case.patient for case in project.cases()}
        assert by_name["one"].patient == by_name["two"].patient
        assert len(keys) == 3
        assert None in keys
        for case in report.added:
            assert project.read_image(case).modality == "CT"
        assert project.add(images / "three", series=0).already
        everything = b"".join(path.read_bytes() for path in project.folder.iterdir())
    assert b"CANARY" not in everything
    with create_project(tmp_path / "other") as other:
        other.add(images / "one")
        assert other.cases()[0].patient not in keys


def test_a_series_in_several_folders_is_one_case(tmp_path: Path) -> None:
    write_series(tmp_path / "all", SliceMaker(), patient="", slices=6)
    for n, path in enumerate(sorted((tmp_path / "all").iterdir())):
        (tmp_path / "disc" / f"part{n % 2}").mkdir(parents=True, exist_ok=True)
        path.rename(tmp_path / "disc" / f"part{n % 2}" / path.name)
    with create_project(tmp_path / "project") as project:
        assert len(project.add(tmp_path / "disc").added) == 1
        assert project.read_image(CASE).geometry.shape[0] == 6


def test_one_volume_of_many_is_a_case_of_its_own(tmp_path: Path) -> None:
    import nibabel

    array = np.random.default_rng(0).integers(0, 9, (5, 6, 7, 3)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), tmp_path / "four.nii")
    with create_project(tmp_path / "project") as project:
        assert project.add(tmp_path / "four.nii", volume=2).added == ("case-001",)
        assert project.add(tmp_path / "four.nii").added == ("case-002",)
        assert [case.name for case in project.cases()] == ["four, volume 2", "four, volume 0"]
        assert np.array_equal(project.read_image(CASE).source.volume, 2)
        ((_, sentence),) = project.add(tmp_path / "four.nii", volume=3).refused
        assert "four.nii" in sentence


def test_a_missing_image_is_found_again_and_only_that_one(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        paint(project, 1)
        image = tmp_path / "images" / "scan0.nii"
        image.rename(tmp_path / "images" / "renamed.nii")
        with pytest.raises(
            MissingImageError, match=r"'scan0\.nii' of case-001 is not where it was"
        ):
            project.read_image(CASE)
        assert project.load(CASE).labels.max() == 1  # the work is there without it
        (problem,) = project.find_problems()
        assert "case-001" in problem
        assert "relocate" in problem
        other = write_image(tmp_path / "other" / "scan0.nii", 7)
        for wrong in (other, tmp_path / "other"):
            with pytest.raises(ChangedImageError, match="is not the image of case-001"):
                project.relocate(CASE, wrong)
        with pytest.raises(MissingImageError, match="there is no"):
            project.relocate(CASE, tmp_path / "nowhere")
        project.relocate(CASE, tmp_path / "images")
        assert project.case(CASE).image.name == "renamed.nii"
        assert project.read_image(CASE).array.shape == SHAPE
        (tmp_path / "images" / "renamed.nii").rename(image)
        project.relocate(CASE, image)
        assert project.find_problems() == ()


def test_a_changed_image_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    with project_of(tmp_path) as project:
        image = tmp_path / "images" / "scan0.nii"
        scan = read_volume(image)
        moved = Geometry(SHAPE, scan.geometry.spacing_mm, (5.0, 0.0, 0.0))
        write_volume(
            Volume.from_source_array(scan.array, moved, name="scan0.nii", format="made"), image
        )
        with pytest.raises(ChangedImageError, match="the very same voxels at the same places"):
            project.read_image(CASE)
        write_image(image, 99)
        with pytest.raises(ChangedImageError, match=r"'scan0\.nii' of case-001"):
            project.read_image(CASE)
        write_image(image, 0)
        assert project.read_image(CASE).array.shape == SHAPE


def test_images_are_never_touched(tmp_path: Path) -> None:
    images = tmp_path / "images"
    with project_of(tmp_path, images=2) as project:
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in images.iterdir()}
        paint(project, 1, 2)
        project.read_image(CASE)
        project.purge("case-002")
    with open_project(tmp_path / "project") as project:
        project.relocate(CASE, images)
    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in images.iterdir()}


def test_names_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    write_image(tmp_path / "images" / "a.nii").rename(
        tmp_path / "images" / os.fsdecode(b"caf\xe9.nii")
    )
    with create_project(tmp_path / "project") as project:
        assert project.add(tmp_path / "images").added == (CASE,)
        assert project.case(CASE).name == "caf?"
        assert project.read_image(CASE).array.shape == SHAPE


@pytest.mark.slow
def test_real_images_of_three_kinds(tmp_path: Path, shared_data: Path) -> None:
    with create_project(tmp_path / "project") as project:
        report = project.add(shared_data / "dicom-rtstruct-sts")
        assert report.added
        assert report.refused == ()
        report = project.add(shared_data / "us-dicom")
        assert len(report.added) + len(report.already) == 3  # one of them in two codecs
        for case in project.cases():
            assert project.read_image(case.id).geometry.shape == case.grid.shape
