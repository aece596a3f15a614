"""What can be exported, and as what, in the words of the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.io import LabelInfo
    from napari_medssl.io.dicom.deidentify import Deidentifier
    from napari_medssl.volume import Volume, Window

    Progress = Callable[[int, int], None]
    Names = Deidentifier | None


@dataclass(frozen=True, eq=False)
class Exportable:
    """An image with its mask, ready to be written.

    Parameters
    ----------
    volume : Volume
        The image.
    mask : (z, y, x) unsigned array
        Labels on its grid; nobody else changes it.
    labels : tuple of LabelInfo
        What the values mean.
    outlines : tuple of mapping
        How each outline came about.
    window : Window or None
        Grey values to show in films and reports.
    """

    volume: Volume
    mask: NDArray[Any]
    labels: tuple[LabelInfo, ...]
    outlines: tuple[Mapping[str, Any], ...] = ()
    window: Window | None = None


@dataclass(frozen=True)
class ExportKind:
    """One way to write a mask.

    Parameters
    ----------
    title, tip : str
        Words for people.
    ending : str
        What is added to the image's name.
    write : callable
        Writes; gets the piece, the path, what takes out names and dates (None: nothing), and
        whom to tell how far it is.
    takes_out_names : bool
        Whether it holds names and dates that can be taken out.
    shows_pixels : bool
        Whether it shows the image itself, and with it what is burnt into its pixels.
    """

    title: str
    tip: str
    ending: str
    write: Callable[[Exportable, Path, Names, Progress], Path]
    takes_out_names: bool = False
    shows_pixels: bool = False


@dataclass(frozen=True)
class FolderKind:
    """One way to write a whole project into a folder of its own.

    Parameters
    ----------
    title, tip : str
        Words for people.
    write : callable
        Writes; gets the folder, what takes out names and dates, whether an earlier export there
        may be replaced, and whom to tell how far it is. Returns how many cases were written, and
        a sentence for each that was not.
    takes_out_names, shows_pixels : bool
        As for `ExportKind`.
    """

    title: str
    tip: str
    write: Callable[[Path, Names, bool, Progress], tuple[int, tuple[str, ...]]]
    takes_out_names: bool = False
    shows_pixels: bool = False


@dataclass(frozen=True, eq=False)
class Piece:
    """One mask that can be exported.

    Parameters
    ----------
    name : str
        Of its image, without a suffix; file names begin with it.
    load : callable
        Returns image and mask; may be slow.
    anonymous : str
        What file names begin with once names are taken out: an image is often called after its
        patient.
    """

    name: str
    load: Callable[[], Exportable]
    anonymous: str = "mask"


@dataclass(frozen=True, eq=False)
class ExportSource:
    """What can be exported in one go, and in which ways.

    Parameters
    ----------
    title : str
        Words for people: ``"This case"``.
    pieces : tuple of Piece
        One, which goes into a file of a name to choose, or several, which go into a folder.
    kinds : tuple of ExportKind or FolderKind
        The ways to write it, the usual one first.
    burnt_in : bool
        Whether a picture among them may show text burnt into its pixels.
    """

    title: str
    pieces: tuple[Piece, ...]
    kinds: tuple[ExportKind | FolderKind, ...]
    burnt_in: bool = False


def _write_mask(piece: Exportable, path: Path, names: Names, progress: Progress) -> Path:
    from napari_medssl.io import write_labels

    provenance = {"outlines": list(piece.outlines)}
    return write_labels(
        piece.mask, piece.volume, path, labels=list(piece.labels), provenance=provenance
    )


def _write_seg(piece: Exportable, path: Path, names: Names, progress: Progress) -> Path:
    from napari_medssl.io.dicom.seg import write_seg

    return write_seg(piece.mask, piece.volume, path, piece.labels, deidentify=names)


def _write_rtstruct(piece: Exportable, path: Path, names: Names, progress: Progress) -> Path:
    from napari_medssl.io.dicom.rtstruct import write_rtstruct

    return write_rtstruct(piece.mask, piece.volume, path, piece.labels, deidentify=names)


def _write_film(piece: Exportable, path: Path, names: Names, progress: Progress) -> Path:
    from napari_medssl.io.movie import write_movie

    return write_movie(
        piece.volume, piece.mask, path, piece.labels, window=piece.window, progress=progress
    )


def _write_report(piece: Exportable, path: Path, names: Names, progress: Progress) -> Path:
    from napari_medssl.io.report import write_report

    return write_report(
        piece.volume,
        piece.mask,
        path,
        piece.labels,
        outlines=piece.outlines,
        window=piece.window,
        anonymous=names is not None,
    )


_GRID = "On the image's own grid, with the label names in a file beside it"
_FILM = "All slices, or all frames, one after another, with the mask over them"
_REPORT = "One page: pictures, volumes and sizes of every label, and where the mask came from"

MASKS: tuple[ExportKind, ...] = (
    ExportKind("Mask, NIfTI (.nii.gz)", _GRID, "_mask.nii.gz", _write_mask),
    ExportKind("Mask, NRRD (.nrrd)", _GRID, "_mask.nrrd", _write_mask),
    ExportKind("Mask, MetaImage (.mha)", _GRID, "_mask.mha", _write_mask),
    ExportKind(
        "DICOM SEG (.dcm)",
        "Voxels, for viewers and archives; the image must be a DICOM series",
        "_seg.dcm",
        _write_seg,
        takes_out_names=True,
    ),
    ExportKind(
        "DICOM RTSTRUCT (.dcm)",
        "Outlines, for treatment planning; the image must be a DICOM series",
        "_rtstruct.dcm",
        _write_rtstruct,
        takes_out_names=True,
    ),
)
PICTURES: tuple[ExportKind, ...] = (
    ExportKind("Film (.mp4)", _FILM, ".mp4", _write_film, shows_pixels=True),
    ExportKind("Film (.gif)", _FILM, ".gif", _write_film, shows_pixels=True),
    ExportKind(
        "Report (.pdf)",
        _REPORT,
        "_report.pdf",
        _write_report,
        takes_out_names=True,
        shows_pixels=True,
    ),
    ExportKind(
        "Report (.png)",
        _REPORT,
        "_report.png",
        _write_report,
        takes_out_names=True,
        shows_pixels=True,
    ),
)
