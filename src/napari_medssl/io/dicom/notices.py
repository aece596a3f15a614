"""What has to be said of a DICOM image that was read: every guess, gap and thing left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_medssl.volume import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_medssl.io.dicom.files import Found
    from napari_medssl.io.dicom.geometry import SliceGrid
    from napari_medssl.io.dicom.headers import ImageFile
    from napari_medssl.io.dicom.stacks import Slice, Stack

_MOST_NAMED = 6
_THICK_GAP = 1.5

_SPACING = {
    "detector": (
        "spacing-at-detector",
        "The pixel size is that of the detector: what lies before it appears enlarged, so lengths "
        "are somewhat too large.",
    ),
    "scanned": ("spacing-scanned", "The pixel size is that of the scanned film or paper."),
    "region": (
        "spacing-from-regions",
        "The pixel size was taken from the calibration of the ultrasound regions.",
    ),
    "largest-region": (
        "spacing-from-regions",
        "The ultrasound regions have different pixel sizes; that of the largest region was taken, "
        "so lengths hold in that region only.",
    ),
    "outside": (
        "spacing-assumed",
        "The calibrated ultrasound regions do not fit into the picture, which was cut or scaled "
        "after it was made: pixels of 1 mm are assumed, so lengths and areas are not real.",
    ),
    "assumed": (
        "spacing-assumed",
        "The file does not say how large a pixel is: 1 mm is assumed, so lengths and areas are not "
        "real.",
    ),
}


def about_grid(grid: SliceGrid, volume: Sequence[Slice]) -> list[Notice]:
    """Say where the grid is not simply the slices as they are."""
    notices = []
    if grid.tilt_deg:
        words = f"The slices are tilted by {grid.tilt_deg:.1f} degrees against their stacking line."
        notices.append(Notice("gantry-tilt", words))
    if grid.spread == "missing":
        made = grid.made_up
        named = ", ".join(str(k) for k in made[:_MOST_NAMED])
        more = " and more" if len(made) > _MOST_NAMED else ""
        words = (
            f"{len(made)} of {len(grid.below)} slices are missing (k = {named}{more}); they were "
            "filled in between their neighbours. A mask is saved on the filled grid."
        )
        notices.append(Notice("slices-missing", words))
    if grid.spread == "uneven":
        words = (
            f"The {len(volume)} slices lie {grid.gaps_mm[0]:.2f} to {grid.gaps_mm[1]:.2f} mm "
            f"apart; they were resampled to {len(grid.below)} even ones. A mask is saved on the "
            "even grid."
        )
        notices.append(Notice("uneven-slices", words))
    thickness = volume[0].frame.thickness_mm
    if grid.spread == "even" and thickness and grid.gaps_mm[0] > _THICK_GAP * thickness:
        words = (
            f"The slices are {thickness:g} mm thick but {grid.gaps_mm[0]:.4g} mm apart: what lies "
            "between them was not imaged, and volumes in ml are estimates."
        )
        notices.append(Notice("slice-gaps", words))
    return notices


def about_place(volume: Sequence[Slice]) -> list[Notice]:
    """Say how position and pixel size are known, or that they are assumed."""
    first = volume[0]
    notices = []
    source = first.frame.pixel_size.source
    if source in _SPACING:
        notices.append(Notice(*_SPACING[source]))
    placement = first.frame.placement
    if placement is None:
        words = "The file does not say how the picture lies in the patient."
        notices.append(Notice("orientation-unknown", words))
    elif placement.assumed:
        words = (
            "The file gives no slice positions; the slices were stacked by their slice location."
        )
        notices.append(Notice("position-assumed", words))
    elif len(volume) == 1 and first.frame.thickness_mm is None:
        words = "The file does not say how thick its slice is: 1 mm is assumed."
        notices.append(Notice("thickness-assumed", words))
    return notices


def about_picture(volume: Sequence[Slice]) -> list[Notice]:
    """Say that it is a cine, may show a name, or holds more pixels than its header says."""
    file = volume[0].file
    notices = []
    if len(volume) > 1 and not file.is_placed:
        time = f", {file.frame_time_ms:.4g} ms apart" if file.frame_time_ms else ""
        words = f"The {len(volume)} frames{time} are shown one after another along the first axis."
        notices.append(Notice("cine", words))
    if file.unread_bytes:
        words = (
            f"The file holds {file.unread_bytes:,} bytes of pixels more than its header declares; "
            "they were not read."
        )
        notices.append(Notice("unread-pixels", words))
    if file.may_show_text:
        words = (
            "The picture may show a name or other text burnt into its pixels. Look at it before "
            "you pass it on."
        )
        notices.append(Notice("burnt-in-text", words))
    return notices


def about_volumes(stack: Stack, volume: int, holds_named: int | None) -> list[Notice]:
    """Say what tells the volumes of one stack apart, and that copies were left out.

    Parameters
    ----------
    stack : Stack
        The stack that is read.
    volume : int
        Which of its volumes is read.
    holds_named : int or None
        Which of its volumes holds the file that the user named, if one.
    """
    notices = []
    if holds_named is not None and holds_named != volume:
        words = f"The file itself belongs to volume {holds_named}: --volume {holds_named} shows it."
        notices.append(Notice("file-in-other-volume", words))
    if stack.told_apart_by:
        words = f"The volumes were told apart by: {', '.join(stack.told_apart_by)}."
        notices.append(Notice("volumes-apart", words))
    if stack.copies:
        words = f"{stack.copies} images are there more than once; each was read once."
        notices.append(Notice("copies-skipped", words))
    return notices


def about_choice(chosen: int, stacks: Sequence[Stack], *, asked: bool) -> list[Notice]:
    """Say what else the folder holds and how to choose it.

    Parameters
    ----------
    chosen : int
        Number of the stack that was read.
    stacks : sequence of Stack
        All stacks of the folder, as they are numbered.
    asked : bool
        Whether the user chose it, by number or by naming one of its files.
    """
    stack = stacks[chosen]
    kin = [n for n, other in enumerate(stacks) if other.series == stack.series and n != chosen]
    notices = []
    code, why = _why_apart(stack, [stacks[n] for n in kin])
    if kin and not (asked and code == "several-images"):
        slices = sum(stacks[n].size[2] for n in kin)
        numbers = ", ".join(str(n) for n in kin[:_MOST_NAMED])
        more = " and more" if len(kin) > _MOST_NAMED else ""
        words = (
            f"The series also holds {slices} image(s) {why}, left out here. "
            f"Choose them with --series {numbers}{more}."
        )
        notices.append(Notice(code, words))
    series = len({other.series for other in stacks})
    if series > 1 and not asked:
        words = (
            f"The folder holds {series} series; this is number {chosen}, the one with most slices. "
            f"Choose another with --series (0 to {len(stacks) - 1})."
        )
        notices.append(Notice("several-series", words))
    return notices


def _why_apart(stack: Stack, others: Sequence[Stack]) -> tuple[str, str]:
    if not stack.is_placed or not all(other.is_placed for other in others):
        return "several-images", "that do not belong to one volume"
    mine = stack.first.placement.orientation
    turned = any(
        max(abs(a - b) for a, b in zip(mine, o.first.placement.orientation, strict=True)) > 2e-3
        for o in others
    )
    if turned:
        return "mixed-orientation", "in other orientations"
    if any(other.size[:2] != stack.size[:2] for other in others):
        return "mixed-sizes", "of other sizes"
    return "several-images", "of other pixel sizes, kinds or places"


def about_neighbours(found: Found, *, named: bool) -> list[Notice]:
    """Say what else lies in the folder: objects that are no images, and broken files.

    Damaged files are told even to a user who named one file: they may be slices of its series.
    """
    notices = []
    if found.others and not named:
        kinds = sorted({error.came.split("' is ", 1)[-1] for error in found.others})
        words = (
            f"{len(found.others)} other DICOM object(s) in the folder were passed over "
            f"({', '.join(kinds[:_MOST_NAMED])})."
        )
        notices.append(Notice("other-objects", words))
    if found.broken:
        words = (
            f"{len(found.broken)} damaged file(s) in the folder were left out. "
            f"The first: {found.broken[0]}"
        )
        notices.append(Notice("broken-files", words))
    return notices


def about_text_in_pixels(images: Sequence[ImageFile]) -> list[Notice]:
    """Say of images that are passed on how many may show a name, which a header cannot tell."""
    count = sum(file.may_show_text for file in images)
    if not count:
        return []
    words = (
        f"{count} of {len(images)} pictures may show a name or other text burnt into their pixels. "
        "De-identifying changes headers only: look at these pictures before you pass them on."
    )
    return [Notice("burnt-in-text", words)]


def about_left_out(found: Found) -> list[Notice]:
    """Say what in a folder was not copied because it is no image, or is damaged."""
    left = len(found.others) + len(found.broken)
    if not left:
        return []
    words = f"{left} DICOM objects that are no images, or are damaged, were not copied."
    return [Notice("not-copied", words)]
