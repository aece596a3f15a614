"""What segments say of their labels."""

from __future__ import annotations

from pydicom import Dataset

from napari_medssl.io.dicom.segments import code_in, labels_of_segments
from napari_medssl.io.dicom.tags import Tags
from napari_medssl.io.label_table import COLOURS, Code


def _segment(number: int, **tags: object) -> Dataset:
    item = Dataset()
    item.SegmentNumber = number
    for keyword, value in tags.items():
        setattr(item, keyword, value)
    return item


def _labels(*segments: Dataset) -> dict[int, object]:
    ds = Dataset()
    ds.SegmentSequence = list(segments)
    return dict(labels_of_segments(Tags.of(ds)))


def test_numbers_are_values_unless_the_segment_keeps_its_own() -> None:
    told = _labels(_segment(1, SegmentDescription="Label value 300"), _segment(2))
    assert {n: info.value for n, info in told.items()} == {1: 300, 2: 2}


def test_values_that_clash_or_are_out_of_range_are_not_believed() -> None:
    words = "Label value 2"
    told = _labels(_segment(1, SegmentDescription=words), _segment(2, SegmentDescription=words))
    assert [info.value for info in told.values()] == [1, 2]
    told = _labels(_segment(1, SegmentDescription="Label value 9999999999"), _segment(0))
    assert [info.value for info in told.values()] == [1]


def test_every_colour_of_ours_comes_back() -> None:
    from highdicom.color import CIELabColor

    for colour in COLOURS:
        lab = list(CIELabColor.from_rgb(*colour).value)
        (info,) = _labels(_segment(1, RecommendedDisplayCIELabValue=lab)).values()
        assert info.colour == colour


def test_tissue_alone_is_no_code() -> None:
    def coded(value: str, scheme: str, meaning: str) -> Dataset:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
        return item

    assert code_in((coded("85756007", "SCT", "Tissue"),)) is None
    assert code_in((coded("T-62000", "SRT", "Liver"),)) == Code("T-62000", "SRT", "Liver")
    assert code_in(()) is None
    assert code_in((Dataset(),)) is None
