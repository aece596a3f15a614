"""De-identified headers: nothing is left, and what belongs together still does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pydicom
import pytest
from dicom_canaries import hits, write_canaries
from dicom_masks import drawn_on, make_series
from PIL import Image, ImageDraw
from pydicom import Dataset

from napari_medssl.errors import GeometryError, SaveError, UsageError
from napari_medssl.io import LabelInfo, read_mask, read_volume, write_labels
from napari_medssl.io.dicom.deidentified_copy import copy_deidentified
from napari_medssl.io.dicom.deidentify import Deidentifier, require_clean
from napari_medssl.io.dicom.rtstruct import write_rtstruct
from napari_medssl.io.dicom.seg import write_seg
from napari_medssl.io.dicom.tags import quietly
from napari_medssl.io.movie import write_movie
from napari_medssl.io.report import write_report

LABELS = (LabelInfo(3, "lesion", (1, 2, 3)), LabelInfo(300, "liver", (4, 5, 6)))
KEY = "a key of the tests"


def test_no_canary_is_left_in_any_file(tmp_path: Path) -> None:
    series, canaries = write_canaries(tmp_path / "in")
    assert len(canaries) >= 60
    volume = read_volume(series)
    assert len(hits(canaries, series.iterdir())) >= 60  # the search does find them
    out, names = tmp_path / "out", Deidentifier(KEY)
    copy = copy_deidentified(series, out / "series", names)
    mask = drawn_on(volume)
    write_seg(mask, volume, out / "seg.dcm", LABELS, deidentify=names)
    write_rtstruct(mask, volume, out / "rs.dcm", LABELS, deidentify=names)
    written = [path for path in out.rglob("*") if path.is_file()]
    assert len(written) == len(copy.files) + 2 == 6
    assert hits(canaries, written) == []


def test_no_canary_is_in_a_mask_of_another_format_or_beside_it(tmp_path: Path) -> None:
    series, canaries = write_canaries(tmp_path / "in")
    volume = read_volume(series)
    out = tmp_path / "out"
    out.mkdir()
    for suffix in (".nii", ".nii.gz", ".nrrd", ".mha"):
        name = out / f"mask{suffix.replace('.', '-')}{suffix}"
        write_labels(drawn_on(volume), volume, name, labels=LABELS, provenance={"outlines": []})
    assert len(list(out.iterdir())) == 8
    assert hits(canaries, out.iterdir()) == []


def test_no_canary_is_in_a_film_or_an_anonymous_page_nor_drawn_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series, canaries = write_canaries(tmp_path / "in")
    volume, out, drawn = read_volume(series), tmp_path / "out", drawn_words(monkeypatch)
    out.mkdir()
    mask = drawn_on(volume)
    for suffix in (".png", ".pdf"):
        write_report(volume, mask, out / f"page{suffix}", LABELS, anonymous=True)
    write_movie(volume, mask, out / "film.gif", LABELS)
    assert hits(canaries, out.iterdir()) == []
    with Image.open(out / "page.png") as page:
        assert set(page.info) == {"dpi"}
    assert {"De-identified image", "lesion", "liver"} <= set(drawn)
    (tmp_path / "drawn").write_text("\n".join(drawn))
    assert hits(canaries, [tmp_path / "drawn"]) == []


def test_a_page_that_is_not_anonymous_names_the_folder_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series, canaries = write_canaries(tmp_path / "in")
    volume, drawn = read_volume(series), drawn_words(monkeypatch)
    write_report(volume, drawn_on(volume), tmp_path / "page.pdf", LABELS)
    (tmp_path / "drawn").write_text("\n".join(drawn))
    assert hits(canaries, [tmp_path / "drawn"]) == [("drawn", series.name.encode())]


def drawn_words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that fills with all text that is drawn on pictures from now on."""
    drawn: list[str] = []
    draw = ImageDraw.ImageDraw.text

    def text(self: ImageDraw.ImageDraw, at: Any, words: str, *more: Any, **options: Any) -> None:
        drawn.append(words)
        draw(self, at, words, *more, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return drawn


def test_what_a_seg_repeats_when_nothing_is_hidden(tmp_path: Path) -> None:
    series, canaries = write_canaries(tmp_path / "in")
    volume = read_volume(series)
    told = []
    for write in (write_seg, write_rtstruct):
        path = write(drawn_on(volume), volume, tmp_path / f"{write.__name__}.dcm", LABELS)
        told.append({canary for _, canary in hits(canaries, [path])})
    ds = pydicom.dcmread(next(series.iterdir()))
    kept = ("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "StudyDate")
    kept += ("StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName")
    kept += ("PositionReferenceIndicator", "StudyInstanceUID", "SeriesInstanceUID")
    named = {str(ds[keyword].value).encode() for keyword in (*kept, "FrameOfReferenceUID")}
    for found in told:
        rest = found - named
        assert named <= found
        assert all(canary.startswith(b"1.2.826.0.1.99.") for canary in rest)  # the images' own


def test_masks_of_one_export_fit_its_series_and_no_other(tmp_path: Path) -> None:
    folder = make_series("gap", tmp_path / "in")
    volume, names = read_volume(folder), Deidentifier(KEY)
    mask = drawn_on(volume)
    copy_deidentified(folder, tmp_path / "out", names)
    again = read_volume(tmp_path / "out")
    assert (again.array == volume.array).all()
    assert again.geometry == volume.geometry
    for write in (write_seg, write_rtstruct):
        path = write(mask, volume, tmp_path / "m.dcm", LABELS, deidentify=Deidentifier(KEY))
        back = read_mask(path, again)
        assert (back.array == mask).all()
        assert back.notices == ()
        with pytest.raises(GeometryError, match="another patient"):
            read_mask(path, volume)
        other = write(mask, volume, tmp_path / "o.dcm", LABELS, deidentify=Deidentifier.fresh())
        with pytest.raises(GeometryError, match="another patient"):
            read_mask(other, again)


def test_a_header_with_lies_in_its_numbers_is_emptied_of_them() -> None:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4"
    with quietly():
        ds.add_new("Rows", "LO", "Mr Smith")
        ds.add_new("StackID", "SH", "Mr Smith")
        ds.add_new("Modality", "CS", "SMITH")
        ds.add_new("WindowCenter", "UT", "Smith")
        ds.add_new("WindowWidth", "OB", b"Smith ")
        ds.add_new("StudyDate", "DA", "SMITH")
        ds.add_new("PatientName", "LO", "Mr Smith")
    clean = Deidentifier(KEY).header(ds)
    assert "smith" not in str(clean).lower()
    assert ds.PatientName == "Mr Smith"  # the original is as it was
    assert clean.PatientName == ""


def test_the_check_finds_what_was_put_in_again() -> None:
    ds = Dataset()
    ds.SOPInstanceUID = "1.2.3.4"
    clean = Deidentifier(KEY).header(ds)
    require_clean(clean)
    for keyword, value in (("ImageComments", "x"), ("PatientBirthDate", "19530317")):
        spoilt = Dataset(clean)
        setattr(spoilt, keyword, value)
        with pytest.raises(SaveError, match="could not be freed of everything"):
            require_clean(spoilt)
    spoilt = Dataset(clean)
    spoilt.private_block(0x0011, "x", create=True).add_new(1, "LO", "x")
    with pytest.raises(SaveError):
        require_clean(spoilt)


def test_what_did_not_change_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from dicognito.anonymizer import Anonymizer

    monkeypatch.setattr(Anonymizer, "anonymize", lambda self, ds: None)
    ds = Dataset()
    ds.PatientName = "Smith"
    with pytest.raises(SaveError):
        Deidentifier(KEY).header(ds)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(UsageError, match="8 characters"):
        Deidentifier("short")


def test_without_dicognito_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dicognito", None)
    with pytest.raises(UsageError, match=r"napari-medssl\[deid\]"):
        Deidentifier(KEY)


def test_one_key_names_alike_and_two_keys_do_not() -> None:
    ds = Dataset()
    ds.PatientID, ds.SOPInstanceUID = "4711", "1.2.3.4"
    one, same, other = (Deidentifier(key).header(ds) for key in (KEY, KEY, KEY + "2"))
    assert one.PatientID == same.PatientID != other.PatientID
    assert one.SOPInstanceUID == same.SOPInstanceUID != other.SOPInstanceUID
    assert ds.PatientID == "4711"
