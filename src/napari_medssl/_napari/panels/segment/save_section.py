"""Save: the mask to a file, or from one."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog

from napari_medssl._napari.panels.section import Section, button

_MASKS = "Masks (*.nii *.nii.gz *.nrrd *.mha *.png *.dcm);;All files (*)"
_KINDS = "NIfTI, compressed (*.nii.gz);;NIfTI (*.nii);;NRRD (*.nrrd);;MetaImage (*.mha)"


class SaveSection(Section):
    """Save the mask, or go on with a saved one."""

    save_asked = Signal()
    mask_chosen = Signal(str)
    export_asked = Signal()

    def __init__(self) -> None:
        super().__init__("6  Save")
        save = button("Save mask…", "On the image's own grid, with its labels beside it")
        open_mask = button("Open mask…", "Go on with a mask that was saved for this image")
        save.clicked.connect(self.save_asked)
        open_mask.clicked.connect(self._ask_mask)
        export = button("Export…", "As a DICOM object, a film or a report, with or without names")
        export.clicked.connect(self.export_asked)
        self.add_row(save, open_mask)
        self.add_row(export)

    def ask_save_path(self, suggested: str) -> str:
        """Ask where to save; empty when the question is closed."""
        path, _ = QFileDialog.getSaveFileName(self, "Save the mask", suggested, _KINDS)
        return str(path)

    def _ask_mask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a mask", "", _MASKS)
        if path:
            self.mask_chosen.emit(path)
