"""Encoders on their way to what learns from masks, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_encoders import leave_encoder

from napari_medssl.errors import MedSSLError
from napari_medssl.io import atomic_write
from napari_medssl.models.trained import trained_cards
from napari_medssl.pretrain.offered import is_new, is_offered, offer_encoder, withdraw_encoder
from napari_medssl.pretrain.plan import WEIGHTS


def test_it_is_kept_under_a_name_of_its_own(tmp_path: Path) -> None:
    assert not is_new(tmp_path)
    assert not is_offered(tmp_path)
    sha256 = leave_encoder(tmp_path)
    assert is_new(tmp_path)
    card = offer_encoder(tmp_path, atomic_write)
    assert card.name == f"barlow-{sha256[:8]}"
    assert list(trained_cards()) == [card.name]
    assert is_offered(tmp_path)
    assert not is_new(tmp_path)
    assert offer_encoder(tmp_path, atomic_write) == card, "twice is once"


def test_one_taken_back_is_not_offered_by_itself_again(tmp_path: Path) -> None:
    leave_encoder(tmp_path)
    offer_encoder(tmp_path, atomic_write)
    withdraw_encoder(tmp_path)
    assert trained_cards() == {}
    assert not is_offered(tmp_path)
    assert not is_new(tmp_path)
    assert (tmp_path / WEIGHTS).is_file()
    withdraw_encoder(tmp_path)
    offer_encoder(tmp_path, atomic_write)
    assert is_offered(tmp_path)


def test_a_run_that_went_on_takes_the_place_of_what_it_had(tmp_path: Path) -> None:
    leave_encoder(tmp_path, b"early")
    offer_encoder(tmp_path, atomic_write)
    leave_encoder(tmp_path, b"late")
    assert is_new(tmp_path)
    late = offer_encoder(tmp_path, atomic_write)
    assert list(trained_cards()) == [late.name]


def test_weights_that_are_not_those_of_the_card_are_refused(tmp_path: Path) -> None:
    leave_encoder(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(b"others")
    with pytest.raises(MedSSLError):
        offer_encoder(tmp_path, atomic_write)
    assert not is_offered(tmp_path)
