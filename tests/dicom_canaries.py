"""A DICOM series full of unique strings, and a search for them in everything that was written."""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
from dicom_masks import MAKER
from dicom_phantoms import axial
from pydicom import Dataset, dcmwrite
from pydicom.sequence import Sequence as Items

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEXT = """
PatientName PatientID IssuerOfPatientID OtherPatientIDs OtherPatientNames PatientBirthName
PatientMotherBirthName PatientAddress PatientTelephoneNumbers PatientComments MedicalRecordLocator
Occupation EthnicGroup AdditionalPatientHistory MedicalAlerts Allergies ResponsiblePerson
AccessionNumber StudyID StudyDescription SeriesDescription ProtocolName RequestedProcedureID
RequestedProcedureDescription PerformedProcedureStepID PerformedProcedureStepDescription
ReferringPhysicianName PerformingPhysicianName OperatorsName RequestingPhysician
PhysiciansOfRecord NameOfPhysiciansReadingStudy InstitutionName InstitutionAddress
InstitutionalDepartmentName StationName DeviceSerialNumber ManufacturerModelName Manufacturer
SoftwareVersions ImageComments FrameComments DerivationDescription AcquisitionComments
TextComments ContrastBolusAgent PositionReferenceIndicator ContainerIdentifier AdmissionID
CurrentPatientLocation
""".split()  # noqa: SIM905 - a table
_UIDS = """
StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID SOPInstanceUID IrradiationEventUID
DeviceUID
""".split()  # noqa: SIM905
_PACKED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_MOST_BYTES = 1 << 20
_TIMES = ("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime")


def write_canaries(folder: Path) -> tuple[Path, list[bytes]]:
    """Write a series in which every text, identifier and time is unique; return it and all of them.

    Names of files and folders are canaries too.
    """
    found: list[str] = []

    def canary(kind: str) -> str:
        found.append(f"{kind}Q{len(found):03d}Z")
        return found[-1]

    series = folder / canary("DIR")
    series.mkdir(parents=True)
    shared: dict[str, Any] = {keyword: canary("TXT")[:16] for keyword in _TEXT}
    for n, keyword in enumerate(_UIDS):
        found.append(f"1.2.826.0.1.77{n}.4711")
        shared[keyword] = found[-1]
    for n, keyword in enumerate(_TIMES):
        found.append(f"10{n}459.73{n}1{n}8")
        shared[keyword] = found[-1]
    for keyword, date in (("PatientBirthDate", "19530317"), ("StudyDate", "20190708")):
        found.append(date)
        shared[keyword] = date
    for n, position in enumerate(axial([0, 2, 4, 6])):
        ds = MAKER.dataset(position, n + 1, **shared)
        found.append(f"1.2.826.0.1.99.{n}.4711")
        ds.SOPInstanceUID = found[-1]
        ds.ImageType = ["ORIGINAL", "PRIMARY", canary("CS")]
        ds.BodyPartExamined = canary("CS")
        _add_hidden(ds, canary)
        _save_with_preamble(series / f"{canary('FILE')}.dcm", ds, canary)
    return series, [text.encode() for text in found]


def _add_hidden(ds: Dataset, canary: Any) -> None:
    """Private elements, nested ones, overlays, padding: where names hide."""
    block = ds.private_block(0x0011, canary("PRIV"), create=True)
    block.add_new(0x01, "LO", canary("PRIV"))
    block.add_new(0x02, "OB", canary("PRIVB").encode() + b" ")
    inner, person, outer = Dataset(), Dataset(), Dataset()
    inner.CodeMeaning = canary("SQ")
    person.PersonName = canary("SQ")
    inner.private_block(0x0013, canary("SQP"), create=True).add_new(0x01, "LT", canary("SQP"))
    outer.PurposeOfReferenceCodeSequence = Items([inner])
    outer.PersonIdentificationCodeSequence = Items([person])
    ds.ReferencedImageSequence = Items([outer])
    ds.RequestAttributesSequence = Items([inner])
    ds.add_new(0x60003000, "OW", canary("OVER").encode() + b"    ")
    ds.add_new(0x60000022, "LO", canary("OVER"))
    ds.add_new(0x40000010, "LT", canary("OLD"))
    ds.add_new(0xFFFCFFFC, "OB", canary("PADD").encode() + b"  ")
    ds.PixelData += canary("TAIL").encode() + b"  "  # beyond what the header declares


def _save_with_preamble(path: Path, ds: Dataset, canary: Any) -> None:
    ds.preamble = canary("PRE").encode().ljust(128, b"\0")
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.SourceApplicationEntityTitle = canary("AE")
    ds.file_meta.PrivateInformationCreatorUID = "1.2.826.0.1.55"
    ds.file_meta.PrivateInformation = canary("META").encode() + b"  "
    dcmwrite(path, ds, enforce_file_format=True)


def hits(canaries: Iterable[bytes], written: Iterable[Path]) -> list[tuple[str, bytes]]:
    """Every canary in the bytes or the name of a file, or of a folder above it within the test.

    What is packed is unpacked first, and text of two bytes a letter is found too.
    """
    found = []
    for path in written:
        told = unpacked(path.read_bytes()) + "/".join(path.parts[-3:]).encode()
        for canary in canaries:
            wide = [canary.decode().encode(code) for code in ("utf-16-be", "utf-16-le")]
            if any(form in told for form in (canary, *wide)):
                found.append((path.name, canary))
    return found


def unpacked(content: bytes) -> bytes:
    """Return bytes, and behind them whatever unfolds where gzip or zlib could begin in them.

    So gzipped files, packed text of a PNG and streams of a PDF are all looked into.
    """
    found = [content]
    for begin in _PACKED.finditer(content):
        packed = zlib.decompressobj(wbits=47)  # gzip or zlib, as the first bytes say
        with suppress(zlib.error):
            found.append(packed.decompress(content[begin.start() :], _MOST_BYTES))
    return b"\0".join(found)


def all_values(path: Path) -> list[str]:
    """All values of a file as text, in sequences too."""
    return [str(element.value) for element in pydicom.dcmread(path).iterall()]
