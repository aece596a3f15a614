"""The models of this machine behind the Automatic panel: a real, tiny network of random weights."""

from __future__ import annotations

import numpy as np
import pytest
from automatic_fakes import card
from panel_fakes import make_volume

from napari_medssl._napari.presenters.automatic.installed_models import InstalledModels
from napari_medssl._napari.presenters.automatic.run import RunSettings
from napari_medssl.errors import UsageError
from napari_medssl.io import atomic_write
from napari_medssl.project.proposer import ModelProposer


@pytest.fixture
def file(tmp_path):
    from napari_medssl.models.trained_weights import network_for, save_trained

    # XDG_DATA_HOME is the test's own: nothing is kept in the user's folder
    known = card("tiny", arguments={"widths": (4, 8)})
    save_trained(network_for(known), known, tmp_path / "tiny.safetensors", atomic_write)
    return tmp_path / "tiny.safetensors"


def test_a_model_is_added_listed_judged_and_run(file):
    models = InstalledModels()
    assert models.cards() == {}
    name = models.add(file)
    known = models.cards()[name]
    assert models.network_title(known) == "U-Net"
    volume = make_volume((8, 20, 30))
    assert models.fitness(known, make_volume(modality="MR"))[0].code == "modality"
    options = models.options(RunSettings(overlap=0.1, uncertainty=True, min_ml=0.01).plain(known))
    assert models.device("cpu") == "cpu"
    ran = ModelProposer(models.load(name, "cpu"), known, options, models.fitness)
    found = ran.propose(volume)
    assert found.labels.shape == volume.geometry.shape
    assert set(np.unique(found.labels)) <= {0, 1, 2}
    assert found.uncertainty.max() <= 100
    assert found.weights_sha256 == known.sha256


def test_a_model_that_is_not_there_is_a_sentence():
    with pytest.raises(UsageError, match="medssl models add"):
        InstalledModels().load("nothing", "cpu")
    with pytest.raises(UsageError, match="does not have"):
        InstalledModels().device("cuda:99")
