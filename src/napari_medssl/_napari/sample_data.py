"""napari's File, Open Sample: the images that come with the installed packages."""

from __future__ import annotations

from napari_medssl._napari.layers import LayerData, image_layer


def brain_mr() -> list[LayerData]:
    """Open a brain MR."""
    return _open("brain-mr")


def abdomen_ct() -> list[LayerData]:
    """Open the synthetic abdomen CT of known truth."""
    return _open("abdomen-ct")


def head_ct_slice() -> list[LayerData]:
    """Open one slice of a head CT."""
    return _open("head-ct-slice")


def echo_cine() -> list[LayerData]:
    """Open an ultrasound cine of the heart."""
    return _open("echo-cine")


def head_ct_oblique() -> list[LayerData]:
    """Open an oblique head CT, fetched the first time."""
    return _open("head-ct-oblique")


def sarcoma_ct() -> list[LayerData]:
    """Open a CT of a thigh with a sarcoma, fetched the first time."""
    return _open("sarcoma-ct")


def _open(name: str) -> list[LayerData]:
    from napari import current_viewer

    from napari_medssl.io.samples import sample

    viewer = current_viewer()
    if viewer is not None:
        from napari_medssl._napari.patient_view import attach_patient_view

        attach_patient_view(viewer)
    return [image_layer(sample(name))]
