from __future__ import annotations

import pytest

from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.io.samples import sample, sample_cards


@pytest.mark.parametrize(
    ("name", "modality", "shape"),
    [
        ("brain-mr", "MR", (24, 96, 128)),
        ("abdomen-ct", "CT", (48, 200, 256)),
        ("echo-cine", "US", (30, 240, 320)),
        ("head-ct-slice", "CT", (1, 512, 512)),
    ],
)
def test_offline_samples_read(name: str, modality: str, shape: tuple[int, int, int]) -> None:
    volume = sample(name)
    assert volume.modality == modality
    assert volume.geometry.shape == shape


def test_every_card_says_its_licence_and_how_to_check_it() -> None:
    for card in sample_cards().values():
        assert card.licence
        assert card.offline or (len(card.sha256) == 64 and card.bytes > 0)


def test_unknown_sample_names_the_known() -> None:
    with pytest.raises(UsageError, match="brain-mr"):
        sample("no-such-sample")


def test_without_a_network_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch

    def no_network(*_: object, **__: object) -> str:
        raise OSError("Name or service not known")

    monkeypatch.setattr(pooch, "retrieve", no_network)
    with pytest.raises(MedSSLError, match=r"could not be fetched.*abdomen-ct"):
        sample("sarcoma-ct")
