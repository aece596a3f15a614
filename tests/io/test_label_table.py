import pytest

from napari_medssl.errors import UsageError
from napari_medssl.io.label_table import COLOURS, Code, LabelInfo, unnamed_label


def test_a_name_can_be_printed_whatever_it_was() -> None:
    assert LabelInfo(1, " li\x1b[31m\u202ever\n", (1, 2, 3)).name == "li[31mver"
    assert LabelInfo(7, "\x00\u200b", (1, 2, 3)).name == "Label 7"
    assert len(LabelInfo(1, "x" * 3000, (1, 2, 3)).name) == 200
    assert LabelInfo(1, "肝臓 Опухоль", (1, 2, 3)).name == "肝臓 Опухоль"


@pytest.mark.parametrize("value", [0, -1, 2**32])
def test_values_out_of_range_are_refused(value: int) -> None:
    with pytest.raises(UsageError):
        LabelInfo(value, "liver", (1, 2, 3))


def test_colours_and_codes_are_checked() -> None:
    with pytest.raises(UsageError):
        LabelInfo(1, "liver", (1, 2, 256))
    with pytest.raises(UsageError):
        Code("", "SCT", "Liver")
    assert unnamed_label(len(COLOURS) + 1).colour == COLOURS[0]
