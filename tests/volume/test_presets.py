from __future__ import annotations

import numpy as np
import pytest
from grids import volume_of

from napari_medssl.errors import UsageError
from napari_medssl.volume import Geometry, Volume, axes_towards
from napari_medssl.volume.presets import preparation, preparations

CT = np.random.default_rng(0).normal(0, 400, (40, 50, 60)).astype(np.int16)


def scan(codes: str = "LPS") -> Volume:
    start = Geometry((60, 50, 40), (0.8, 0.8, 3.0), direction=((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    axes = axes_towards(start, codes)
    return volume_of(axes.apply(CT.T), axes.apply_geometry(start), modality="CT", units="HU")


@pytest.mark.parametrize(
    ("name", "codes", "spacing", "lowest", "highest", "kind"),
    [
        ("ct_standard", "SPL", (3.0, 0.8, 0.8), -1024 / 3071, 1, "f4"),
        ("smit_pretrain", "LAI", (2.0, 2.0, 2.0), 0, 1, "f4"),
        ("smit_finetune", "RAS", (1.5, 1.5, 2.0), 0, 1, "f4"),
        ("smit_heart", "RAS", (1.0, 1.0, 3.0), 0, 1, "f4"),
        ("swin_flare", "RAS", (1.0, 1.0, 2.5), 0, 255, "u1"),
        ("swinunetr_pretrain", "RAS", (0.8, 0.8, 3.0), 0, 1, "f4"),
        ("swinunetr_btcv", "RAS", (1.5, 1.5, 2.0), 0, 1, "f4"),
        ("kidney_kits", "SPL", (3.22, 1.62, 1.62), -5, 5, "f4"),
        ("mri_t2", "SPL", (3.0, 0.8, 0.8), 0, 1, "f4"),
        ("sam_ct", "SPL", (3.0, 0.8, 0.8), 0, 255, "u1"),
        ("sam_other", "SPL", (3.0, 0.8, 0.8), 0, 255, "u1"),
        ("picture_unit", "SPL", (3.0, 0.8, 0.8), 0, 1, "f4"),
    ],
)
def test_presets_give_what_their_sources_say(
    name: str,
    codes: str,
    spacing: tuple[float, float, float],
    lowest: float,
    highest: float,
    kind: str,
) -> None:
    volume = scan("LAI")
    after, inverse = preparation(name).pipeline(volume)
    assert after.geometry.axis_codes == codes
    assert after.geometry.spacing_mm == spacing
    assert lowest <= after.array.min() < after.array.max() <= highest
    assert after.array.dtype == np.dtype(kind)
    mask = inverse.labels(np.ones(after.geometry.shape, np.uint8))
    assert mask.shape == volume.geometry.shape
    assert mask.mean() > 0.9


def test_every_preset_is_listed_above_and_explained() -> None:
    assert len(preparations()) == 12
    for name, row in preparations().items():
        assert row.name == name
        assert row.title
        assert row.text.endswith(".")
        assert row.pipeline.operations


def test_only_the_missing_step_is_owned_up_to() -> None:
    assert "not part of this preset" in preparation("mri_t2").text


@pytest.mark.parametrize("name", ["smit_finetune", "swin_flare", "kidney_kits"])
def test_the_way_a_file_stores_its_voxels_does_not_matter(name: str) -> None:
    one, _ = preparation(name).pipeline(scan("LPS"))
    other, _ = preparation(name).pipeline(scan("IAR"))
    assert one.geometry.matches(other.geometry)
    np.testing.assert_allclose(
        one.array.astype(float), other.array.astype(float), atol=1e-5 if name != "swin_flare" else 1
    )


def test_swin_flare_pads_across_and_crops() -> None:
    after, _ = preparation("swin_flare").pipeline(scan())
    assert after.geometry.shape == (96, 96, 48)


def test_kidney_is_a_z_score_and_sam_is_in_colour() -> None:
    kidney, _ = preparation("kidney_kits").pipeline(scan())
    assert kidney.array.mean() == pytest.approx(0, abs=1e-4)
    assert kidney.array.std() == pytest.approx(1, abs=1e-4)
    colour, _ = preparation("sam_ct").pipeline(scan())
    assert colour.is_rgb
    grey = np.rint(np.clip((scan().array + 160) / 400.0, 0, 1) * 255)
    assert np.abs(colour.array - grey).max() <= 1


def test_another_name_is_refused_with_the_list() -> None:
    with pytest.raises(UsageError, match="smit_finetune"):
        preparation("smit")
