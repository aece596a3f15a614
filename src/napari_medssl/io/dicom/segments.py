"""What the segments of a SEG, and the regions of an RTSTRUCT, say of the labels they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.io.dicom.tags import Tags, quietly
from napari_medssl.io.label_table import MOST_LABEL, Code, LabelInfo, unnamed_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydicom.dataset import Dataset

    from napari_medssl.io.label_table import Colour

#: how a label's own value is kept in its segment, whose number must count from 1
VALUE_WORDS = "Label value"
#: what a segment is said to be when nobody has said it
UNCODED = Code("85756007", "SCT", "Tissue")
_ABNORMAL = Code("49755003", "SCT", "Morphologically Altered Structure")
#: the category of a term; ``""`` stands for all others
CATEGORIES = {
    UNCODED.value: UNCODED,
    "": Code("123037004", "SCT", "Anatomical Structure"),
    "52988006": _ABNORMAL,  # lesion
    "4147007": _ABNORMAL,  # mass
    "108369006": _ABNORMAL,  # neoplasm
    "86049000": _ABNORMAL,  # neoplasm, primary
    "14799000": _ABNORMAL,  # neoplasm, secondary
    "79654002": _ABNORMAL,  # edema
    "6574001": _ABNORMAL,  # necrosis
    "27925004": _ABNORMAL,  # nodule
    "50960005": _ABNORMAL,  # haemorrhage
    "12856003": _ABNORMAL,  # cyst (of the skin and elsewhere)
}


def labels_of_segments(tags: Tags) -> Mapping[int, LabelInfo]:
    """Read what each segment number of a SEG means."""
    items = {Tags.of(i).whole("SegmentNumber"): i for i in tags.items("SegmentSequence")}
    numbered = {number: item for number, item in items.items() if number and number > 0}
    values = {number: _own_value(item) or number for number, item in numbered.items()}
    if len(set(values.values())) != len(values):
        values = {number: number for number in numbered}
    return {number: _label(values[number], item) for number, item in numbered.items()}


def _own_value(item: Dataset) -> int | None:
    told = re.match(rf"{VALUE_WORDS} (\d{{1,10}})\b", Tags.of(item).text("SegmentDescription"))
    value = int(told[1]) if told else 0
    return value if 1 <= value <= MOST_LABEL else None


def _label(value: int, item: Dataset) -> LabelInfo:
    tags, plain = Tags.of(item), unnamed_label(value)
    lab = tags.numbers("RecommendedDisplayCIELabValue", 3)
    return LabelInfo(
        value,
        tags.text("SegmentLabel") or plain.name,
        plain.colour if lab is None else _rgb(lab),
        code_in(tags.items("SegmentedPropertyTypeCodeSequence")),
    )


def code_in(items: tuple[Dataset, ...]) -> Code | None:
    """Return the term that a code sequence holds, unless it is none or only says "tissue"."""
    for tags in map(Tags.of, items):
        value, scheme, meaning = (
            tags.text(k) for k in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning")
        )
        if value and scheme and meaning and (value, scheme) != (UNCODED.value, UNCODED.scheme):
            return Code(value, scheme, meaning)
    return None


def _rgb(stored: tuple[Any, ...]) -> Colour:
    """From DICOM's CIELab (0..65535 each) to red, green, blue."""
    from skimage.color import lab2rgb

    share = np.asarray(stored) / 65535
    with quietly():  # it warns of colours that no screen can show
        rgb = lab2rgb(share * [100, 255, 255] - [0, 128, 128])
    red, green, blue = (int(part) for part in np.rint(rgb * 255).clip(0, 255))
    return red, green, blue
