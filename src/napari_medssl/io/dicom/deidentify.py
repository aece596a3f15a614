"""Taking names, dates and identifiers out of DICOM headers, the same way for all of one export.

dicognito replaces what has to stay recognisable within the export (identifiers, the study's date);
before that everything that is not on our list of what is allowed goes, and after it we look
whether anything is left. Pixels are not looked at: a name burnt into them stays.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset

from napari_medssl.errors import SaveError, UsageError
from napari_medssl.io.dicom.allowed import allowed_part, replaced_keywords
from napari_medssl.io.dicom.tags import quietly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.io.dicom.source import SourceSeries

METHOD = "napari-medssl: list of allowed elements; dicognito"
#: what a header must have although nothing may be said
_EMPTY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"),
    *("AccessionNumber", "StudyID", "ReferringPhysicianName", "Manufacturer"),
)
#: what we say ourselves, and the pixels
_STATED = (
    *("DeidentificationMethod", "PatientIdentityRemoved", "SpecificCharacterSet"),
    *("PixelData", "FloatPixelData", "DoubleFloatPixelData"),
)
_SHORTEST_KEY = 8


@dataclass(frozen=True)
class Deidentifier:
    """A way of renaming: the same original is always replaced by the same new name.

    Parameters
    ----------
    key : str
        Secret from which all replacements follow. Who knows it can find out whether an export is
        of a given patient; keep it, or forget it.

    Raises
    ------
    UsageError
        If the key is shorter than 8 characters, or dicognito is not installed.
    """

    key: str

    def __post_init__(self) -> None:
        if len(self.key) < _SHORTEST_KEY:
            raise UsageError(
                "a key that is easy to guess", expected=f"{_SHORTEST_KEY} characters or more"
            )
        try:
            import dicognito  # noqa: F401
        except ImportError:
            raise UsageError(
                "de-identification without the package dicognito",
                do="Install it with: pip install 'napari-medssl[deid]'",
            ) from None

    @classmethod
    def fresh(cls) -> Deidentifier:
        """Make one with a random key, which nobody knows afterwards."""
        return cls(secrets.token_hex(32))

    @cached_property
    def _anonymizer(self) -> Any:
        from dicognito.anonymizer import Anonymizer

        return Anonymizer(seed=self.key)

    def header(self, original: Dataset) -> Dataset:
        """Return a de-identified copy of a header; ``original`` is not changed.

        Raises
        ------
        SaveError
            If something identifying would be left.
        """
        with quietly():
            clean = allowed_part(original)
            before = {keyword: _values(clean, keyword) for keyword in replaced_keywords()}
            clean.file_meta = FileMetaDataset()
            self._anonymizer.anonymize(clean)
            clean.DeidentificationMethod = METHOD
            for keyword in _EMPTY:
                if keyword not in clean:
                    setattr(clean, keyword, "")
            require_clean(clean)
        for keyword, values in before.items():
            if values & _values(clean, keyword):
                raise _left_over()
        return clean

    def series(self, series: SourceSeries) -> SourceSeries:
        """Return a series under the names that its de-identified copy has."""
        return series.renamed(self.header(series.header), self._uids)

    def _uids(self, uids: Sequence[str]) -> list[str]:
        # each in a dataset of its own, for that is what dicognito takes
        holder = Dataset()
        holder.file_meta = FileMetaDataset()
        holder.ReferencedInstanceSequence = [_naming(uid) for uid in uids]
        with quietly():
            self._anonymizer.anonymize(holder)
        return [str(item.SOPInstanceUID) for item in holder.ReferencedInstanceSequence]


def _naming(uid: str) -> Dataset:
    item = Dataset()
    item.SOPInstanceUID = uid
    return item


def _values(ds: Dataset, keyword: str) -> set[str]:
    """Collect all values of an element, in sequences too; empty ones say nothing."""
    found = {str(ds[keyword].value)} if keyword in ds else set()
    for tag in ds.keys():  # noqa: SIM118 - a Dataset is not a dict
        if ds[tag].VR == "SQ":
            for item in ds[tag].value:
                found |= _values(item, keyword)
    return found - {"", "None"}


def require_clean(ds: Dataset) -> None:
    """Refuse a header that holds anything beyond the list of what is allowed.

    Raises
    ------
    SaveError
        If there is anything; it does not say what.
    """
    with quietly():
        rest = Dataset({tag: ds[tag] for tag in ds.keys()})  # noqa: SIM118 - not a dict
        for keyword in (*_STATED, *(k for k in _EMPTY if not ds.get(k))):
            rest.pop(keyword, None)
        if allowed_part(rest) != rest:
            raise _left_over()


def _left_over() -> SaveError:
    return SaveError(
        "a header could not be freed of everything that may identify the patient",
        do="Nothing was written; have this series de-identified by your DICOM archive",
    )
