"""The page itself: its size, that nothing is cut off or empty, and what it keeps to itself."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_medssl.errors import GeometryError, SaveError
from napari_medssl.io import LabelInfo, read_mask, read_volume
from napari_medssl.io.overlay import Overlay
from napari_medssl.io.report import page as sheet
from napari_medssl.io.report import write_report
from napari_medssl.volume import Geometry, Volume

GREEN = (0, 190, 60)


def scan(shape: tuple[int, ...] = (60, 50, 30), **rest: Any) -> Volume:
    kind = np.uint8 if len(shape) == 4 else np.int16
    array = np.random.default_rng(0).integers(0, 200, shape).astype(kind)
    geometry = Geometry.from_affine(shape[-3:], np.diag([1.0, 1.0, 2.0, 1.0]))
    return Volume.from_source_array(array, geometry, name="Mueller_Hans.nii", format="made", **rest)


def labelled(volume: Volume, count: int) -> tuple[np.ndarray, list[LabelInfo]]:
    mask = np.zeros(volume.geometry.shape, np.uint8)
    z, y, _ = (min(n, 10) for n in mask.shape)
    for n in range(count):
        mask[:z, :y, n : n + 1] = n + 1
    return mask, [LabelInfo(n + 1, f"A label of a long name {n}", GREEN) for n in range(count)]


def written(
    monkeypatch: pytest.MonkeyPatch, path: Path, volume: Volume, *rest: Any, **settings: Any
) -> list[str]:
    """Write a report and return every line of text on it; no line may leave the page."""
    lines = []
    real = sheet.Page.text

    def text(self: Any, at: tuple[float, float], words: str, points: float, **more: Any) -> None:
        assert 0 < at[0] <= sheet.SIZE[0]
        assert 0 < at[1] < sheet.SIZE[1] - 20, f"'{words}' is below the page"
        lines.append((at[1], words))
        real(self, at, words, points, **more)

    monkeypatch.setattr(sheet.Page, "text", text)
    write_report(volume, *rest[:1], path, *rest[1:], **settings)
    foot = sheet.SIZE[1] - 86
    assert all(y < foot or y > foot + 40 for y, _ in lines), "words run into the foot"
    return [words for _, words in lines]


def blank(overlay: Overlay, axis: int, fit: tuple[int, int]) -> Image.Image:
    """Where pictures go matters here, not what they show."""
    return Image.new("RGB", overlay.size(axis, fit))


@pytest.mark.parametrize(
    ("volume", "count"),
    [
        (scan(), 0),
        (scan(), 1),
        (scan(), 4),
        (scan((60, 50, 3)), 6),
        (scan((200, 20, 12)), 4),
        (scan((200, 20, 12)), 30),
        (scan((60, 50, 1)), 1),
        (scan((60, 50, 1)), 30),
        (scan((3, 60, 200, 1), spacing_known=False, orientation_known=False), 30),
        (scan((60, 50, 8), stack="time", orientation_known=False), 1),
        (scan((60, 50, 8), stack="time", orientation_known=False), 30),
    ],
)
def test_everything_finds_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, volume: Volume, count: int
) -> None:
    outlines = [{"engine": f"engine {n}", "boxes_ijk": [[]]} for n in range(9)]
    mask, labels = labelled(volume, count)
    monkeypatch.setattr(Overlay, "picture", lambda self, axis, _, fit, **__: blank(self, axis, fit))
    lines = written(
        monkeypatch, tmp_path / "page.png", volume, mask, labels, outlines=outlines[: count + 1]
    )
    assert "Segmentation report" in lines
    assert "Research use only. Not a medical device." in lines
    told = sum(label.name in lines for label in labels)
    more = next((int(w.split()[1]) for w in lines if w.startswith("and ")), 0)
    assert count == 0 or told + more >= count
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.size == sheet.SIZE


def test_a_page_of_a_real_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_data: Path
) -> None:
    folder = shared_data / "msd-spleen-ct"
    volume = read_volume(folder / "spleen_2_crop_ct.nii.gz")
    mask = read_mask(folder / "spleen_2_crop_label.nii.gz", volume)
    labels = [LabelInfo(1, "Spleen", GREEN)]
    path = tmp_path / "page.png"
    lines = written(monkeypatch, path, volume, mask.array, labels)
    voxels = int((mask.array > 0).sum())
    ml = voxels * float(np.prod(volume.geometry.spacing_mm)) / 1000
    assert f"{ml:.0f}" in lines
    assert "spleen_2_crop_ct.nii.gz" in lines
    with Image.open(path) as picture:
        pixels = np.asarray(picture)
    rims = np.argwhere((pixels == GREEN).all(axis=-1))
    assert len(rims) > 3000  # outlines on three planes and eight slices


def test_a_pdf_is_one_page_of_a4(tmp_path: Path) -> None:
    volume = scan()
    path = write_report(volume, *labelled(volume, 2)[:1], tmp_path / "page.pdf")
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert b"/Count 1" in content
    box = re.search(rb"/MediaBox \[ ([\d. ]+) \]", content)
    assert box is not None
    assert [float(n) for n in box[1].split()] == pytest.approx([0, 0, 595.3, 841.9], abs=0.5)
    start = content.index(b"\xff\xd8\xff")
    with Image.open(BytesIO(content[start:])) as picture:
        assert picture.size == sheet.SIZE


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_an_anonymous_page_keeps_the_name_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    volume = scan()
    path = tmp_path / f"page{suffix}"
    lines = written(monkeypatch, path, volume, labelled(volume, 1)[0], anonymous=True)
    assert not any("Mueller" in words for words in lines)
    assert b"Mueller" not in path.read_bytes()
    monkeypatch.undo()
    lines = written(monkeypatch, path, volume, labelled(volume, 1)[0])
    assert any("Mueller" in words for words in lines)


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    volume = scan()
    mask, labels = labelled(volume, 1)
    with pytest.raises(SaveError, match=r"ends in \.pdf or \.png"):
        write_report(volume, mask, tmp_path / "page.docx", labels)
    with pytest.raises(GeometryError):
        write_report(volume, mask[1:], tmp_path / "page.pdf", labels)
    with pytest.raises(SaveError, match="does not exist"):
        write_report(volume, mask, tmp_path / "gone" / "page.pdf", labels)
    assert not any(tmp_path.iterdir())
