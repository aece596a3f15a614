from __future__ import annotations

import hashlib
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import typer
from dicom_canaries import hits, write_canaries
from dicom_masks import drawn_on, make_series
from typer.testing import CliRunner, Result

from napari_medssl.cli.convert import convert
from napari_medssl.errors import MedSSLError, SaveError, UsageError
from napari_medssl.io import LabelInfo, read_mask, read_volume, write_labels
from napari_medssl.io.sidecar import read_sidecar
from napari_medssl.volume.presets import preparations

#: stored as PIR: 0.5 mm to the back, 2 mm down, 1 mm to the right
AFFINE = np.array(
    [[0.0, 0.0, 1.0, -20.0], [-0.5, 0.0, 0.0, 30.0], [0.0, -2.0, 0.0, 40.0], [0, 0, 0, 1]]
)
HU = np.random.default_rng(0).integers(-1000, 1500, (20, 12, 14)).astype(np.int16)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.nii.gz"
    nib.save(nib.Nifti1Image(HU, AFFINE), path)
    return path


def medssl(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(convert)
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def refused(kind: type[MedSSLError], said: str, *arguments: object) -> None:
    with pytest.raises(kind, match=said):
        medssl(*arguments)


def converted(path: Path, *arguments: object) -> nib.Nifti1Image:
    target = path.with_name("converted.nii.gz")
    assert medssl(path, target, *arguments).exit_code == 0
    return nib.load(target)


def values(image: nib.Nifti1Image) -> np.ndarray:
    return np.asarray(image.dataobj)


def test_another_format_keeps_everything(scan: Path) -> None:
    for suffix in (".nrrd", ".mha", ".nii"):
        between = scan.with_name(f"between{suffix}")
        medssl(scan, between)
        image = converted(between, "--force")
        np.testing.assert_array_equal(values(image), HU)
        assert image.get_data_dtype() == np.int16
        np.testing.assert_allclose(image.affine, AFFINE, atol=1e-6)


@pytest.mark.parametrize("codes", ["RAS", "LPS", "SPL", "AIR"])
def test_orientation_is_that_of_the_written_file(scan: Path, codes: str) -> None:
    image = converted(scan, "--orientation", codes)
    assert "".join(nib.aff2axcodes(image.affine)) == codes
    back = nib.as_closest_canonical(image)
    expected = nib.as_closest_canonical(nib.load(scan))
    np.testing.assert_array_equal(values(back), values(expected))
    np.testing.assert_allclose(back.affine, expected.affine, atol=1e-5)


def test_spacing_is_along_the_axes_of_the_written_file(scan: Path) -> None:
    image = converted(scan, "--spacing", "1,2,0.5")
    assert image.header.get_zooms() == (1, 2, 0.5)
    assert image.shape == (10, 12, 28)
    assert nib.aff2axcodes(image.affine) == nib.aff2axcodes(AFFINE)
    image = converted(scan, "--orientation", "RAS", "--spacing", "1,1,2.5", "--force")
    assert image.header.get_zooms() == (1, 1, 2.5)
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    assert image.get_data_dtype() == np.int16


def test_interpolation_changes_the_result(scan: Path) -> None:
    results = {
        name: values(converted(scan, "--spacing", "1,1,1", "--interpolation", name, "--force"))
        for name in ("linear", "spline", "area", "nearest")
    }
    assert np.isin(results["nearest"], HU).all()
    assert len({array.tobytes() for array in results.values()}) == 4


def test_a_window_writes_eight_bits(scan: Path) -> None:
    for window in ("abdomen", "-160,240"):
        image = converted(scan, "--window", window, "--force")
        assert image.get_data_dtype() == np.uint8
        expected = np.rint(np.clip((HU + 160) / 400.0, 0, 1) * 255)
        assert np.abs(values(image) - expected).max() <= 1


def test_a_preset_prepares(scan: Path) -> None:
    image = converted(scan, "--preset", "smit_finetune")
    assert image.header.get_zooms() == (1.5, 1.5, 2)
    assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
    assert values(image).min() == 0
    assert values(image).max() == 1


def test_a_preset_that_turns_nothing_keeps_the_axes_of_the_file(scan: Path) -> None:
    image = converted(scan, "--preset", "ct_standard")
    np.testing.assert_allclose(values(image), np.clip(HU, -1024, 3071) / 3071, rtol=1e-6)
    np.testing.assert_allclose(image.affine, AFFINE)


def test_every_preset_can_be_written_and_is_in_the_help(scan: Path) -> None:
    told = " ".join(medssl("--help").stdout.replace("│", " ").split())
    for name in preparations():
        assert name in told
        if name != "picture_unit":
            assert converted(scan, "--preset", name, "--force").shape


def test_scaled_colours_are_for_networks_alone(scan: Path) -> None:
    target = scan.with_name("unit.nii.gz")
    refused(SaveError, "numbers of the type float32", scan, target, "--preset", "picture_unit")


def test_labels_are_never_mixed(scan: Path) -> None:
    labels = np.zeros(HU.shape, np.float32)
    labels[4:9, 3:8, 2:11] = 7
    labels[9:14, 3:8, 2:11] = 300
    path = scan.with_name("labels.nii")
    nib.save(nib.Nifti1Image(labels, AFFINE), path)
    arguments = ("--labels", "--spacing", "0.8,1.1,0.9", "--orientation", "LPS")
    assert "Note" not in medssl(path, path.with_name("quiet.nii"), *arguments).stdout
    image = converted(path, *arguments)
    assert image.get_data_dtype() == np.uint16
    assert set(np.unique(values(image))) == {0, 7, 300}
    volume_mm3 = (values(image) == 7).sum() * 0.8 * 1.1 * 0.9
    assert volume_mm3 == pytest.approx((labels == 7).sum(), rel=0.15)


def test_labels_must_be_labels(scan: Path) -> None:
    target = scan.with_name("out.nii")
    refused(UsageError, "Leave out --labels", scan, target, "--labels")
    half = scan.with_name("half.nii")
    nib.save(nib.Nifti1Image(np.full((4, 4, 4), 0.5, np.float32), AFFINE), half)
    refused(UsageError, "whole numbers from 0", half, target, "--labels")
    odd = ("--labels", "--spacing", "1,1,1", "--interpolation", "linear")
    refused(UsageError, "a mixture of two labels", half, target, *odd)


def test_one_volume_of_several(tmp_path: Path) -> None:
    path = tmp_path / "four.nii"
    several = np.stack([HU, HU + 1, HU + 2], axis=-1)
    nib.save(nib.Nifti1Image(several, AFFINE), path)
    np.testing.assert_array_equal(values(converted(path, "--volume", 2)), HU + 2)


def test_the_source_is_never_replaced(scan: Path) -> None:
    before = hashlib.sha256(scan.read_bytes()).hexdigest()
    alias = scan.with_name("alias.nii.gz")
    alias.symlink_to(scan)
    for target in (scan, alias):
        refused(UsageError, "never replaced", scan, target, "--force", "--spacing", "1,1,1")
    assert hashlib.sha256(scan.read_bytes()).hexdigest() == before


def test_another_file_is_replaced_only_when_told(scan: Path) -> None:
    target = scan.with_name("there.nii")
    target.write_text("precious")
    refused(UsageError, "add --force", scan, target)
    assert target.read_text() == "precious"
    medssl(scan, target, "--force")
    np.testing.assert_array_equal(values(nib.load(target)), HU)


def test_words_for_people_and_json_for_machines(scan: Path) -> None:
    arguments = ("--orientation", "RAS", "--spacing", "1,1,2")
    said = medssl(scan, scan.with_name("a.nii"), *arguments).stdout.splitlines()
    assert said[0] == "Wrote 'a.nii': 14 x 10 x 12 voxels of 1 x 1 x 2 mm, axes RAS, int16."
    facts = json.loads(medssl(scan, scan.with_name("b.nii"), *arguments, "--json").stdout)
    assert facts["shape"] == [14, 10, 12]
    assert facts["spacing_mm"] == [1, 1, 2]
    assert (facts["axes"], facts["type"]) == ("RAS", "int16")
    assert [f"Note: {notice['text']}" for notice in facts["notices"]] == said[1:]
    assert Path(facts["output"]) == scan.with_name("b.nii")


def test_what_was_found_is_told(scan: Path) -> None:
    spoilt = HU.astype(np.float32)
    spoilt[3, 3, 3] = np.nan
    path = scan.with_name("spoilt.nii")
    nib.save(nib.Nifti1Image(spoilt, AFFINE), path)
    arguments = (path, scan.with_name("c.nii"), "--spacing", "1,1,1")
    assert "Note: Voxels that hold no finite number: 1;" in medssl(*arguments).stdout
    facts = json.loads(medssl(*arguments, "--force", "--json").stdout)
    assert "not-finite" in [notice["code"] for notice in facts["notices"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--orientation", "RAX"), "such as RAS"),
        (("--spacing", "1,1"), "three sizes in mm"),
        (("--spacing", "a,b,c"), "three sizes in mm"),
        (("--spacing", "0,1,1"), "three sizes from"),
        (("--spacing", "1,1,1", "--interpolation", "cubic"), "one of linear"),
        (("--interpolation", "spline"), "without --spacing"),
        (("--window", "stomach"), "LOW,HIGH or one of"),
        (("--preset", "smit"), "one of ct_standard"),
        (("--preset", "sam_ct", "--spacing", "1,1,1"), "the preset alone"),
        (("--preset", "sam_ct", "--labels"), "the preset alone"),
        (("--preset", "sam_ct", "--window", "lung"), "one of them"),
        (("--labels", "--window", "lung"), "one of them"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(
    scan: Path, arguments: tuple[str, ...], said: str
) -> None:
    target = scan.with_name("never.nii")
    refused(UsageError, said, scan, target, *arguments)
    assert not target.exists()


def test_a_format_that_is_not_written_is_refused(scan: Path) -> None:
    refused(SaveError, r"\.nii\.gz", scan, scan.with_name("scan.dcm"))


def test_an_oblique_scan_keeps_its_place(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "oblique-orientation" / "CT_pitch.nii.gz"
    target = tmp_path / "oblique.nii.gz"
    medssl(path, target, "--orientation", "ILA")
    before, after = nib.load(path), nib.load(target)
    assert nib.aff2axcodes(after.affine) == ("I", "L", "A")
    index = np.argwhere(values(after) == values(after).max())[0]
    world = after.affine @ [*index, 1]
    there = np.rint(np.linalg.inv(before.affine) @ world).astype(int)[:3]
    np.testing.assert_allclose(before.affine @ [*there, 1], world, atol=1e-3)
    assert values(before)[tuple(there)] == values(before).max()


@pytest.fixture
def series(tmp_path: Path) -> Path:
    return make_series("gap", tmp_path / "series")


@pytest.mark.parametrize("form", ["seg", "rtstruct"])
def test_a_mask_travels_to_dicom_and_back(series: Path, tmp_path: Path, form: str) -> None:
    volume = read_volume(series)
    mask, names = drawn_on(volume), [LabelInfo(3, "lesion", (9, 8, 7))]
    nifti = write_labels(mask, volume, tmp_path / "mask.nii.gz", labels=names)
    out, back = tmp_path / "out.dcm", tmp_path / "back.nii.gz"
    done = medssl(nifti, out, "--image", series, "--as", form)
    assert "3 lesion, 300 Label 300" in done.stdout
    facts = json.loads(medssl(out, back, "--image", series, "--json").stdout)
    assert facts["labels"] == [{"value": 3, "name": "lesion"}, {"value": 300, "name": "Label 300"}]
    assert back.read_bytes()[:2] == b"\x1f\x8b"
    assert (values(nib.load(back)) == values(nib.load(nifti))).all()
    assert read_sidecar(back).labels[0] == names[0]
    only = tmp_path / "only.nrrd"
    medssl(out, only, "--image", series, "--label", 3)
    assert set(np.unique(read_mask(only, volume).array)) == {0, 3}


def test_a_deidentified_series_and_its_masks(tmp_path: Path) -> None:
    series, canaries = write_canaries(tmp_path / "in")
    out = tmp_path / "out"
    out.mkdir()
    mask = write_labels(drawn_on(read_volume(series)), read_volume(series), tmp_path / "m.nii.gz")
    key = ("--deidentify", "--key", "a key of the tests")
    done = medssl(series, out / "series", *key)
    assert "Wrote 4 files to 'series'." in done.stdout
    for form in ("seg", "rtstruct"):
        medssl(mask, out / f"{form}.dcm", "--image", series, "--as", form, *key)
        medssl(out / f"{form}.dcm", out / f"{form}.nii.gz", "--image", out / "series")
    written = [path for path in out.rglob("*") if path.is_file()]
    assert len(written) == 4 + 2 + 2 * 2
    assert hits(canaries, written) == []
    for form in ("seg", "rtstruct"):
        assert (values(nib.load(out / f"{form}.nii.gz")) == values(nib.load(mask))).all()


def test_burnt_in_text_is_told_when_deidentifying(shared_data: Path, tmp_path: Path) -> None:
    done = medssl(shared_data / "us-dicom", tmp_path / "out", "--deidentify", "--json")
    facts = json.loads(done.stdout)
    assert facts["files"] == 3
    assert [notice["code"] for notice in facts["notices"]] == ["burnt-in-text"]


def test_wrong_uses_of_masks_and_deidentification(series: Path, tmp_path: Path, scan: Path) -> None:
    mask, out = tmp_path / "mask.nii.gz", tmp_path / "out.dcm"
    volume = read_volume(series)
    write_labels(drawn_on(volume), volume, mask)
    of = ("--image", series)
    refused(UsageError, "--as or --label without --image", mask, out, "--as", "seg")
    refused(UsageError, "that changes voxels", mask, out, *of, "--spacing", "1,1,1")
    refused(UsageError, "that changes voxels", series, out, "--deidentify", "--labels")
    refused(UsageError, "a mask without --key", mask, out, *of, "--deidentify")
    refused(UsageError, "a .dcm file to write", mask, scan.with_name("n.mha"), *of, "--as", "seg")
    refused(UsageError, "expected a DICOM folder", scan, tmp_path / "new", "--deidentify")
    refused(UsageError, "'series' exists already", series, series, "--deidentify")
    grey = write_labels(read_volume(scan).array > 0, read_volume(scan), tmp_path / "grey.nii")
    refused(MedSSLError, "is no DICOM series", grey, out, "--image", scan, "--as", "rtstruct")
    assert not out.exists()
