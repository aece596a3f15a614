"""Generated series of every awkward kind: loaded right, resampled and said, split, or refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pydicom.data
import pytest
from dicom_phantoms import CORONAL, SliceMaker, axial, enhanced, misplaced, save
from pydicom.encaps import encapsulate

from napari_medssl.errors import (
    GeometryError,
    UnreadableFileError,
    UnsupportedFormatError,
    UsageError,
)
from napari_medssl.io.dicom import list_series, looks_like_dicom, read_dicom

if TYPE_CHECKING:
    from collections.abc import Callable

PYDICOM_FILES = Path(pydicom.data.__file__).parent / "test_files"

CT = SliceMaker()
MR = SliceMaker(modality="MR", intercept=0.0, offset=2000.0)
TEN = [2.0 * n for n in range(10)]
ROUNDING = 1.01


def _ok(folder: Path) -> None:
    CT.write_all(folder, axial(TEN))


def _shuffled(folder: Path) -> None:
    names = list("jcafhbgdei")
    for n, (name, position) in enumerate(zip(names, axial(TEN), strict=True)):
        CT.write(folder / name, position, 1 + (7 * n) % 10)


def _reversed(folder: Path) -> None:
    CT.write_all(folder, axial(TEN[::-1]))


def _without(*missing: int) -> Callable[[Path], None]:
    return lambda folder: (
        CT.write_all(folder, axial(z for n, z in enumerate(TEN) if n not in missing)) and None
    )


def _variable(folder: Path) -> None:
    CT.write_all(folder, axial(np.cumsum([0, 2, 2.3, 2.9, 2.5, 2, 3.4, 2.2])))


def _tilted(degrees: float) -> Callable[[Path], None]:
    return lambda folder: CT.write_all(folder, axial(TEN, degrees)) and None


def _same_place_differs(folder: Path) -> None:
    CT.write_all(folder, axial(TEN))
    CT.with_(offset=500.0).write(folder / "again.dcm", axial(TEN)[4], 11)


def _same_place_copied(folder: Path) -> None:
    CT.write_all(folder, axial(TEN))
    CT.write(folder / "again.dcm", axial(TEN)[4], 11)


def _time_points(folder: Path) -> None:
    for t in range(3):
        MR.with_(offset=2000.0 + 100 * t).write_all(
            folder, axial(TEN), first=1 + 10 * t, TemporalPositionIdentifier=t + 1
        )


def _echoes(folder: Path) -> None:
    # interleaved, and every slice has a time of its own: only the echo time tells them apart
    for n, position in enumerate(axial(TEN)):
        for e, echo in enumerate((20.5, 4.6)):
            MR.with_(offset=2000.0 + 10 * echo).write(
                folder / f"{n}-{e}.dcm",
                position,
                2 * n + e + 1,
                EchoTime=echo,
                AcquisitionTime=f"1200{2 * n + e:02d}",
            )


def _mixed_orientation(folder: Path) -> None:
    CT.write_all(folder, axial(TEN))
    maker = CT.with_(orientation=CORONAL)
    for n in range(3):
        maker.write(folder / f"scout{n}.dcm", (-20, -30 + 5 * n, 40), 100 + n)


def _mixed_sizes(folder: Path) -> None:
    CT.write_all(folder, axial(TEN))
    CT.with_(rows=20).write_all(folder, axial([50, 52]), first=20)


def _enhanced(folder: Path) -> None:
    save(folder / "enhanced.dcm", enhanced(MR, axial(TEN[::-1])))


#: what is in the folder -> slices, notices, volumes; or the error
VERDICTS = {
    "ok": (_ok, 10, set(), 1),
    "shuffled": (_shuffled, 10, set(), 1),
    "reversed": (_reversed, 10, set(), 1),
    "missing first": (_without(0), 9, set(), 1),
    "missing middle": (_without(4), 10, {"slices-missing"}, 1),
    "missing two": (_without(3, 7), 10, {"slices-missing"}, 1),
    "missing last": (_without(9), 9, set(), 1),
    "variable spacing": (_variable, 9, {"uneven-slices"}, 1),
    "tilt +20": (_tilted(20), 10, {"gantry-tilt", "sheared"}, 1),
    "tilt -20": (_tilted(-20), 10, {"gantry-tilt", "sheared"}, 1),
    "same place, other pixels": (_same_place_differs, GeometryError, set(), 0),
    "same place, same pixels": (_same_place_copied, 10, {"duplicate-slices"}, 1),
    "time points": (_time_points, 10, {"several-volumes", "volumes-apart"}, 3),
    "echoes": (_echoes, 10, {"several-volumes", "volumes-apart"}, 2),
    "mixed orientation": (_mixed_orientation, 10, {"mixed-orientation"}, 1),
    "mixed sizes": (_mixed_sizes, 10, {"mixed-sizes"}, 1),
    "enhanced": (_enhanced, 10, set(), 1),
}


@pytest.mark.parametrize("kind", VERDICTS)
def test_every_kind_of_series_is_judged_right(tmp_path: Path, kind: str) -> None:
    make, slices, notices, volumes = VERDICTS[kind]
    make(tmp_path)
    if isinstance(slices, type):
        with pytest.raises(slices, match="two different slices lie at one place"):
            read_dicom(tmp_path)
        return
    volume = read_dicom(tmp_path)
    assert volume.source.geometry.shape[2] == slices
    assert {n.code for n in volume.notices} == notices
    assert volume.source.volumes == volumes
    assert volume.array.dtype == np.int16
    offsets = {"time points": 2000.0, "echoes": 2046.0, "enhanced": 2000.0}
    assert misplaced(volume, offsets.get(kind, 0.0)) < ROUNDING


def test_missing_slices_are_named_by_their_index(tmp_path: Path) -> None:
    _without(3, 7)(tmp_path)
    (notice,) = read_dicom(tmp_path).notices
    assert "2 of 10 slices are missing (k = 3, 7)" in notice.text


def test_tilt_is_told_in_degrees_and_kept(tmp_path: Path) -> None:
    _tilted(20)(tmp_path)
    volume = read_dicom(tmp_path)
    assert "tilted by 20.0 degrees" in volume.notices[0].text
    assert not volume.geometry.is_orthogonal


def test_slices_too_irregular_are_refused_with_the_numbers(tmp_path: Path) -> None:
    CT.write_all(tmp_path, axial([0, 1, 2, 13.37, 14.5]))
    with pytest.raises(GeometryError, match=r"between 1\.00 and 11\.37 mm apart"):
        read_dicom(tmp_path)


def test_slices_shifted_sideways_are_refused(tmp_path: Path) -> None:
    positions = [(x, y + 8 * (n == 5), z) for n, (x, y, z) in enumerate(axial(TEN))]
    CT.write_all(tmp_path, positions)
    with pytest.raises(GeometryError, match=r"sideways.* 8\.0 mm"):
        read_dicom(tmp_path)


def test_thin_slices_far_apart_are_said(tmp_path: Path) -> None:
    CT.with_(thickness=1.0).write_all(tmp_path, axial([0, 10, 20]))
    volume = read_dicom(tmp_path)
    assert [n.code for n in volume.notices] == ["slice-gaps"]
    assert volume.source.geometry.spacing_mm[2] == pytest.approx(10)


@pytest.mark.parametrize("echo", [0, 1])
def test_each_volume_can_be_chosen(tmp_path: Path, echo: int) -> None:
    _echoes(tmp_path)
    volume = read_dicom(tmp_path, volume=echo)
    assert misplaced(volume, (2046.0, 2205.0)[echo]) < ROUNDING
    assert volume.source.volume == echo
    apart = next(n for n in volume.notices if n.code == "volumes-apart")
    assert "echo time" in apart.text


def test_volumes_of_an_enhanced_image_can_be_chosen(tmp_path: Path) -> None:
    path = save(tmp_path / "e.dcm", enhanced(MR, axial(TEN), echoes=(3.0, 9.0)))
    for number, echo in enumerate((3.0, 9.0)):
        volume = read_dicom(path, volume=number)
        assert volume.source.volumes == 2
        assert misplaced(volume, 2000.0 + 100 * echo) < ROUNDING


def test_images_without_any_time_are_told_apart_by_their_order(tmp_path: Path) -> None:
    for t in range(2):
        MR.with_(offset=2000.0 + 100 * t).write_all(tmp_path, axial(TEN), first=1 + 10 * t)
    for t in range(2):
        assert misplaced(read_dicom(tmp_path, volume=t), 2000.0 + 100 * t) < ROUNDING


def test_a_series_that_repeats_one_slice_as_another_acquisition_is_split(tmp_path: Path) -> None:
    CT.write_all(tmp_path, axial(TEN), AcquisitionNumber=1)
    CT.with_(offset=500.0).write(tmp_path / "x.dcm", axial(TEN)[4], 11, AcquisitionNumber=2)
    volume = read_dicom(tmp_path)
    assert volume.source.geometry.shape[2] == 10
    assert [n.code for n in volume.notices] == ["several-images"]
    assert misplaced(volume) < ROUNDING


def test_a_volume_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    _echoes(tmp_path)
    with pytest.raises(UsageError, match="0 to 1"):
        read_dicom(tmp_path, volume=2)
    with pytest.raises(UsageError, match="0 to 0"):
        read_dicom(tmp_path, series=1)


def test_series_are_listed_and_chosen_by_number(tmp_path: Path) -> None:
    CT.write_all(tmp_path, axial(TEN), SeriesDescription="Abdomen")
    MR.with_(series="1.2.826.0.1.2", series_number=2).write_all(tmp_path, axial([0, 2, 4]))
    first, second = list_series(tmp_path)
    assert (first.number, first.description, first.modality) == (0, "Abdomen", "CT")
    assert (first.slices, first.size, first.volumes) == (10, (10, 12), 1)
    assert (second.number, second.modality, second.slices) == (1, "MR", 3)
    assert [n.code for n in read_dicom(tmp_path).notices] == ["several-series"]
    assert read_dicom(tmp_path, series=1).modality == "MR"
    assert read_dicom(tmp_path, series=1).notices == ()


def test_any_file_opens_the_stack_that_it_belongs_to(tmp_path: Path) -> None:
    _mixed_orientation(tmp_path)
    volume = read_dicom(tmp_path / "scout1.dcm")
    assert volume.source.geometry.shape[2] == 3
    assert misplaced(volume) < ROUNDING
    assert read_dicom(tmp_path / "1.1-0003.dcm").source.geometry.shape[2] == 10


def test_a_file_of_another_volume_says_which(tmp_path: Path) -> None:
    _echoes(tmp_path)
    codes = [n.code for n in read_dicom(tmp_path / "3-0.dcm").notices]
    assert "file-in-other-volume" in codes
    assert "file-in-other-volume" not in [n.code for n in read_dicom(tmp_path / "3-1.dcm").notices]


def test_series_in_folders_below_are_found(tmp_path: Path) -> None:
    CT.write_all(tmp_path / "a", axial(TEN))
    assert read_dicom(tmp_path).source.geometry.shape[2] == 10


def test_odd_names_no_preamble_and_strange_neighbours(tmp_path: Path) -> None:
    for n, position in enumerate(axial(TEN)):
        save(tmp_path / f"I{n}", CT.dataset(position, n), preamble=n % 2 == 0)
    (tmp_path / "._I0").write_bytes(b"\x00\x05\x16\x07" + bytes(200))
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "empty.dcm").write_bytes(b"")
    (tmp_path / "page.dcm").write_text("<html>" * 100)
    volume = read_dicom(tmp_path)
    assert misplaced(volume) < ROUNDING
    (notice,) = volume.notices
    assert notice.code == "broken-files"
    assert notice.text.startswith("2 damaged file(s)")


def test_copies_of_files_are_read_once(tmp_path: Path) -> None:
    _ok(tmp_path)
    for path in list(tmp_path.iterdir())[:3]:
        shutil.copy(path, tmp_path / f"copy of {path.name}")
    volume = read_dicom(tmp_path)
    assert volume.source.geometry.shape[2] == 10
    assert [n.code for n in volume.notices] == ["copies-skipped"]


def test_a_damaged_slice_is_left_out_of_its_series_but_refused_by_name(tmp_path: Path) -> None:
    _ok(tmp_path)
    victim = tmp_path / "1.1-0005.dcm"
    victim.write_bytes(victim.read_bytes()[:-50])
    volume = read_dicom(tmp_path)
    assert {n.code for n in volume.notices} == {"broken-files", "slices-missing"}
    assert misplaced(volume) < ROUNDING
    with pytest.raises(UnreadableFileError, match="190 of 240 bytes of pixels"):
        read_dicom(victim)


def test_slice_locations_stand_in_for_positions_and_that_is_said(tmp_path: Path) -> None:
    for n, position in enumerate(axial(TEN)):
        ds = CT.dataset(position, n, SliceLocation=position[2])
        del ds.ImagePositionPatient
        save(tmp_path / f"{n}.dcm", ds)
    volume = read_dicom(tmp_path)
    assert [n.code for n in volume.notices] == ["position-assumed"]
    assert volume.source.geometry.spacing_mm[2] == pytest.approx(2.0)
    assert (np.diff(volume.array[:, 0, 0].astype(int)) == 10).all()


def test_oblique_slices_lie_where_they_say(tmp_path: Path) -> None:
    row = np.array([0.8, 0.6, 0.0])
    column = np.array([-0.36, 0.48, 0.8])
    normal = np.cross(row, column)
    maker = CT.with_(orientation=(*row, *column))
    for name, n in enumerate((3, 0, 7, 1, 6, 5, 2, 4)):
        maker.write(tmp_path / f"{name}", tuple(np.array([5, -40, 12]) + 2.5 * n * normal), n)
    volume = read_dicom(tmp_path)
    assert volume.notices == ()
    assert volume.geometry.is_oblique
    assert misplaced(volume) < ROUNDING


def test_positions_rounded_by_the_scanner_are_still_even(tmp_path: Path) -> None:
    CT.with_(thickness=0.625).write_all(
        tmp_path, [(x, y, round(z, 1)) for x, y, z in axial(0.625 * n for n in range(20))]
    )
    volume = read_dicom(tmp_path)
    assert volume.notices == ()
    assert volume.source.geometry.shape[2] == 20


def test_a_dicomdir_reads_what_it_lists() -> None:
    disc = PYDICOM_FILES / "dicomdirtests" / "DICOMDIR"
    listed = list_series(disc)
    assert len(listed) == 24
    assert [s.description for s in listed if s.slices == 5] == ["SmartScore - Gated 0.5 sec"]
    assert read_dicom(disc).source.geometry.shape[2] == 5


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
def test_a_dicomdir_never_leads_out_of_its_folder(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    CT.write(secret / "x", axial([0])[0], 1)
    disc = tmp_path / "disc"
    disc.mkdir()
    _write_dicomdir(disc / "DICOMDIR", ["..", "secret", "x"])
    with pytest.raises(UnreadableFileError, match="outside its own folder"):
        read_dicom(disc / "DICOMDIR")
    (disc / "link").symlink_to(secret)
    _write_dicomdir(disc / "DICOMDIR", ["link", "x"])
    with pytest.raises(UnreadableFileError, match="outside its own folder"):
        read_dicom(disc / "DICOMDIR")


def _write_dicomdir(path: Path, parts: list[str]) -> None:
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.SOPClassUID = pydicom.uid.MediaStorageDirectoryStorage
    ds.SOPInstanceUID = pydicom.uid.generate_uid()
    record = pydicom.Dataset()
    record.DirectoryRecordType = "IMAGE"
    record.ReferencedFileID = parts
    ds.DirectoryRecordSequence = pydicom.Sequence([record])
    save(path, ds)


def test_folders_and_files_that_hold_no_image_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="holds no DICOM image"):
        read_dicom(tmp_path)
    (tmp_path / "a.dcm").write_text("no" * 400)
    with pytest.raises(UnreadableFileError, match=r"'a\.dcm' is not a DICOM file"):
        read_dicom(tmp_path / "a.dcm")
    with pytest.raises(UnreadableFileError, match=r"there is no 'b\.dcm'"):
        read_dicom(tmp_path / "b.dcm")


def test_no_name_id_or_path_is_ever_told(tmp_path: Path) -> None:
    _without(4)(tmp_path)
    victim = tmp_path / "1.1-0002.dcm"
    victim.write_bytes(victim.read_bytes()[:-50])
    said = " ".join(n.text for n in read_dicom(tmp_path).notices)
    with pytest.raises(UnreadableFileError) as caught:
        read_dicom(victim)
    for word in ("CANARY", str(tmp_path.parent)):
        assert word not in said + str(caught.value)


def test_looks_like_dicom(tmp_path: Path) -> None:
    ds = CT.dataset(axial([0])[0], 1)
    assert looks_like_dicom(save(tmp_path / "with", ds))
    assert looks_like_dicom(save(tmp_path / "without", ds, preamble=False))
    (tmp_path / "text").write_text("some words, and more of them " * 20)
    assert not looks_like_dicom(tmp_path / "text")
    assert not looks_like_dicom(tmp_path / "nothing")
    assert looks_like_dicom(tmp_path)


def test_a_kind_of_pixels_we_cannot_decode_is_named(tmp_path: Path) -> None:
    ds = CT.dataset(axial([0])[0], 1)
    ds.PixelData = encapsulate([b"\0" * 100])
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = pydicom.uid.MPEG4HP41
    with pytest.raises(UnsupportedFormatError, match=r"MPEG-4 .*cannot be decoded"):
        read_dicom(save(tmp_path / "video.dcm", ds))
