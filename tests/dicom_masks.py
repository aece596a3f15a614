"""Series to draw on, and readers of DICOM masks that share no line of code with ours."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from dicom_phantoms import CORONAL, SliceMaker, axial, enhanced, save
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_medssl.volume import Volume

OBLIQUE = (0.96, 0.28, 0.0, -0.28 * 0.8, 0.96 * 0.8, 0.6)
NAMED = {"StudyInstanceUID": "1.2.826.0.1.7", "FrameOfReferenceUID": "1.2.826.0.1.8"}
MAKER = SliceMaker(rows=23, columns=19)  # no frame of it ends at a whole byte

#: every kind of series that a mask must find its way back to
SERIES = (
    *("axial", "reversed", "oblique", "coronal", "tilted", "anisotropic", "gap", "uneven"),
    *("single", "no-frame-of-reference", "enhanced", "enhanced-echoes"),
)


def make_series(kind: str, folder: Path) -> Path:
    """Write a series of one kind and return what to open."""
    folder.mkdir()
    depths: dict[str, Any] = {
        "reversed": [8, 6, 4, 2, 0],
        "anisotropic": [0, 7, 14, 21],
        "gap": [0, 2, 4, 8, 10, 12],
        "uneven": [0, 2, 4.6, 6, 8.5],
        "single": [4],
    }
    positions = axial(depths.get(kind, [0, 2, 4, 6]), tilt_deg=15.0 if kind == "tilted" else 0.0)
    maker = MAKER
    if kind in ("oblique", "coronal"):
        maker = maker.with_(orientation=OBLIQUE if kind == "oblique" else CORONAL)
        normal = np.cross(maker.orientation[:3], maker.orientation[3:])
        positions = [tuple((np.array([-20, -30, 5]) + normal * d).tolist()) for d in (0, 2, 4, 6)]
    if kind == "anisotropic":
        maker = maker.with_(spacing=(0.7, 2.3))
    if kind.startswith("enhanced"):
        echoes = (10.0, 20.0) if kind == "enhanced-echoes" else ()
        ds = enhanced(maker.with_(modality="MR"), positions, echoes)
        for keyword, value in NAMED.items():
            setattr(ds, keyword, value)
        save(folder / "enhanced.dcm", ds)
        return folder
    named = {"StudyInstanceUID": "1.2.826.0.1.7"} if kind == "no-frame-of-reference" else NAMED
    return maker.write_all(folder, positions, **named)


def drawn_on(volume: Volume) -> NDArray[np.uint16]:
    """Labels 3 and 300 with holes, islands, touching corners, at the very edges; 7 stays empty."""
    rng = np.random.default_rng(4)
    stored = np.zeros(volume.source.geometry.shape, np.uint16)
    stored[rng.random(stored.shape) < 0.4] = 3
    stored[4:14, 3:12] = 300
    stored[7:10, 6:9] = 0
    stored[8, 7] = 3
    return volume.source.axes.apply(stored)


Places = dict[str, "NDArray[np.float64]"]


def places_of(mask: NDArray[Any], volume: Volume, names: dict[int, str]) -> Places:
    """Positions in LPS mm of every label's voxels."""
    values = sorted(set(np.unique(mask).tolist()) - {0})
    return {names[v]: volume.geometry.to_world(np.argwhere(mask == v)) for v in values}


def assert_same_places(found: Places, wanted: Places) -> None:
    """Every voxel of the one must be a voxel of the other, to two micrometres."""
    assert found.keys() == wanted.keys()
    for name, places in wanted.items():
        assert len(found[name]) == len(places)
        distance, partner = cKDTree(found[name]).query(places)
        assert distance.max() < 2e-3
        assert len(set(partner.tolist())) == len(places)


def places_in_seg(path: Path) -> Places:
    """Positions of each segment's pixels, with nothing but pydicom and numpy."""
    ds = pydicom.dcmread(path)
    names = {item.SegmentNumber: item.SegmentLabel for item in ds.SegmentSequence}
    size = ds.Rows * ds.Columns
    bits = np.unpackbits(np.frombuffer(ds.PixelData, np.uint8), bitorder="little")
    frames = bits[: ds.NumberOfFrames * size].reshape(-1, ds.Rows, ds.Columns)
    shared = ds.SharedFunctionalGroupsSequence[0]
    found = defaultdict(list)
    for frame, group in zip(frames, ds.PerFrameFunctionalGroupsSequence, strict=True):
        holder = group if "SegmentIdentificationSequence" in group else shared
        number = holder.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        found[names[number]].append(_pixel_places(frame, group, shared))
    return {name: np.concatenate(places) for name, places in found.items()}


def _pixel_places(frame: NDArray[Any], group: Any, shared: Any) -> NDArray[np.float64]:
    rows, columns = np.nonzero(frame)
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    down_mm, across_mm = map(float, shared.PixelMeasuresSequence[0].PixelSpacing)
    position = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
    across, down = cosines[:3] * across_mm, cosines[3:] * down_mm
    return position + columns[:, None] * across + rows[:, None] * down


def places_by_highdicom(path: Path) -> Places:
    """Positions of each segment's pixels, as highdicom puts all frames together.

    It raises RuntimeError where the planes are no right-angled grid.
    """
    from highdicom.seg import segread

    seg = segread(path)
    volume = seg.get_volume()
    found = {}
    for n, number in enumerate(seg.segment_numbers):
        index = np.argwhere(volume.array[..., n])
        if len(index):
            name = seg.get_segment_description(number).segment_label
            found[name] = index @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    return found


def places_on_sources(path: Path, folder: Path) -> Places:
    """Positions of the pixels that highdicom finds for the source images below a folder.

    Where a pixel lies is told by the header of the source, not by the segmentation. Frames that
    name no source cannot be asked for in this way.
    """
    from highdicom.seg import segread

    seg = segread(path)
    named = {uid for _, _, uid in seg.get_source_image_uids()}
    found = defaultdict(list)
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        source = pydicom.dcmread(file, stop_before_pixels=True, force=True)
        uid = source.get("SOPInstanceUID")
        if uid not in named:
            continue
        named.remove(uid)
        for frame in _frames_named(seg, uid) if "NumberOfFrames" in source else [None]:
            ask, which = seg.get_pixels_by_source_instance, ([uid],)
            if frame is not None:
                ask, which = seg.get_pixels_by_source_frame, (uid, [frame])
            (pixels,) = ask(*which, ignore_spatial_locations=True)
            for n, number in enumerate(seg.segment_numbers):
                name = seg.get_segment_description(number).segment_label
                found[name].append(_places_in_image(pixels[..., n], source, frame))
    assert not named, "the segmentation names images that are not there"
    places = {name: np.concatenate(parts) for name, parts in found.items()}
    return {name: there for name, there in places.items() if len(there)}


def _frames_named(seg: Any, uid: str) -> list[int]:
    """Numbers of the frames of a file that frames of a segmentation name."""
    images = [
        group.DerivationImageSequence[0].SourceImageSequence[0]
        for group in seg.PerFrameFunctionalGroupsSequence
        if group.DerivationImageSequence
    ]
    return sorted({i.ReferencedFrameNumber for i in images if i.ReferencedSOPInstanceUID == uid})


def _places_in_image(pixels: NDArray[Any], source: Any, frame: int | None) -> NDArray[np.float64]:
    """Positions of the pixels that are set, by the header of the image they lie on."""
    if frame is None:
        held = (source,) * 3
    else:
        of_all = source.get("SharedFunctionalGroupsSequence") or []
        groups = (source.PerFrameFunctionalGroupsSequence[frame - 1], *of_all)
        kinds = ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
        held = tuple(next(g[kind][0] for g in groups if kind in g) for kind in kinds)
    position = np.array(held[0].ImagePositionPatient, float)
    cosines = np.array(held[1].ImageOrientationPatient, float)
    down_mm, across_mm = map(float, held[2].PixelSpacing)
    rows, columns = np.nonzero(pixels)
    across, down = cosines[:3] * across_mm, cosines[3:] * down_mm
    return position + columns[:, None] * across + rows[:, None] * down


def places_in_rtstruct(path: Path, volume: Volume) -> Places:
    """Voxels whose centres lie inside an odd number of contours, tested one by one."""
    ds = pydicom.dcmread(path)
    names = {item.ROINumber: item.ROIName for item in ds.StructureSetROISequence}
    index = np.moveaxis(np.indices(volume.source.geometry.shape), 0, -1).reshape(-1, 3)
    world = volume.source.geometry.to_world(index)
    found = {}
    for region in ds.ROIContourSequence:
        odd = np.zeros(len(index), bool)
        for contour in region.get("ContourSequence", []):
            points = np.array(contour.ContourData, float).reshape(-1, 3)
            odd ^= _inside(world, points)
        if odd.any():
            found[names[region.ReferencedROINumber]] = world[odd]
    return found


def _inside(world: NDArray[np.float64], loop: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Even-odd by the sum of crossings of a ray, in the loop's own plane."""
    middle = loop.mean(axis=0)
    _, _, axes = np.linalg.svd(loop - middle, full_matrices=True)
    near = np.abs((world - middle) @ axes[2]) < 0.05
    flat, corners = (world[near] - middle) @ axes[:2].T, (loop - middle) @ axes[:2].T
    turns = np.zeros(len(flat), int)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crossed = (start[1] > flat[:, 1]) != (end[1] > flat[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = start[0] + (flat[:, 1] - start[1]) * (end[0] - start[0]) / (end[1] - start[1])
        turns += crossed & (at > flat[:, 0])
    inside = np.zeros(len(world), bool)
    inside[near] = turns % 2 == 1
    return inside


def positions_of_sources(folder: Path) -> dict[tuple[str, int | None], NDArray[np.float64]]:
    """Position of every frame of a series, by the identifier of its file and its number."""
    found: dict[tuple[str, int | None], NDArray[np.float64]] = {}
    for path in sorted(folder.iterdir()):
        ds = pydicom.dcmread(path, stop_before_pixels=True)
        groups = ds.get("PerFrameFunctionalGroupsSequence")
        if not groups:
            found[ds.SOPInstanceUID, None] = np.array(ds.ImagePositionPatient, float)
            continue
        for number, group in enumerate(groups, 1):
            position = group.PlanePositionSequence[0].ImagePositionPatient
            found[ds.SOPInstanceUID, number] = np.array(position, float)
    return found
