"""Images of other formats than DICOM, full of unique strings wherever a header has room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK
from PIL import Image
from PIL.PngImagePlugin import PngInfo

SHAPE = (12, 10, 8)
Canary = Callable[[str], str]


def write_scans(folder: Path) -> tuple[Path, list[bytes]]:
    """Write a NIfTI, an NRRD and a MetaImage; return their folder and all canaries."""
    found: list[str] = []
    canary = _counting(found)
    folder.mkdir(parents=True)
    values = np.random.default_rng(0).integers(-900, 900, SHAPE).astype(np.int16)
    image = nib.Nifti1Image(values, np.diag([0.5, 0.5, 2.0, 1.0]))
    for field, room in (("descrip", 80), ("aux_file", 24), ("intent_name", 16), ("db_name", 18)):
        image.header[field] = canary("NII")[:room].encode()
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", canary("EXT").encode()))
    nib.save(image, folder / f"{canary('FILE')}.nii.gz")
    for suffix in (".nrrd", ".mha"):
        scan = SimpleITK.GetImageFromArray(values + len(found))
        for key in ("PatientName", "Comment", "0010|0010", "ITK_InputFilterName"):
            scan.SetMetaData(key, canary("KEY"))
        SimpleITK.WriteImage(scan, str(folder / f"{canary('FILE')}{suffix}"))
    return folder, [text.encode() for text in found]


def write_pictures(folder: Path) -> tuple[Path, list[bytes]]:
    """Write a PNG, a JPEG and a TIFF with text in every kind of chunk; return as above."""
    found: list[str] = []
    canary = _counting(found)
    folder.mkdir(parents=True)
    for n, suffix in enumerate((".png", ".jpg", ".tif")):
        pixels = np.random.default_rng(n).integers(0, 255, (24, 30)).astype(np.uint8)
        picture, exif, more = Image.fromarray(pixels), Image.Exif(), {}
        for tag in (0x010E, 0x013B, 0x8298):  # description, artist, copyright
            exif[tag] = canary("EXIF")
        if suffix == ".png":
            more["pnginfo"] = text = PngInfo()
            text.add_text("Patient", canary("TEXT"))
            text.add_text("Comment", canary("ZTXT") * 20, zip=True)
            text.add_itxt("Title", canary("ITXT"), zip=True)
        elif suffix == ".jpg":
            more["comment"] = canary("JPEG")
        picture.save(folder / f"{canary('FILE')}{suffix}", exif=exif, **more)
    return folder, [text.encode() for text in found]


def _counting(found: list[str]) -> Canary:
    def canary(kind: str) -> str:
        found.append(f"{kind}Q{len(found):03d}Z")
        return found[-1]

    return canary
