"""Running a model on images: every member and fold, averaged, cleaned, on the image's own grid."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_medssl.errors import UnreadableFileError, WeightsError
from napari_medssl.finetune.nnunet.checkpoints import read_checkpoint
from napari_medssl.finetune.nnunet.model import CHECKPOINT
from napari_medssl.finetune.nnunet.planning import read_plan
from napari_medssl.finetune.nnunet.training import network_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_medssl.finetune.nnunet.model import Member, NnunetCard


class NnunetPredictor:
    """A model in memory, one member at a time.

    To be used within `folders.surroundings`.

    Parameters
    ----------
    folder, card : Path, NnunetCard
        As `read_model` gives them.
    device : str
        ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"mps"``.
    mirrored : bool
        Whether each window is also seen in its mirror images, as nnU-Net does: eight times the
        work in 3-D.

    Raises
    ------
    WeightsError
        If a member's weights cannot be read, or do not fit its plan.
    """

    def __init__(
        self, folder: Path, card: NnunetCard, device: str, *, mirrored: bool = True
    ) -> None:
        self._card = card
        self._members = [_loaded(folder, one, device, mirrored) for one in card.members]
        self._before = _loaded(folder, card.before, device, mirrored) if card.before else None

    def predict(self, files: Sequence[Path], out: Path) -> None:
        """Segment an image and save what is found, with nnU-Net's own label values.

        Parameters
        ----------
        files : sequence of Path
            The image's channels, each a file of the suffix that the model was trained with; one
            file of a picture.
        out : Path
            The mask to write, of the same suffix.

        Raises
        ------
        UnreadableFileError
            If the image does not have the channels that the model was trained with.
        """
        first = self._members[0]
        reader = first.plans_manager.image_reader_writer_class()
        image, properties = reader.read_images([str(file) for file in files])
        if len(image) != len(self._card.channels):
            raise UnreadableFileError(
                f"an image of {len(image)} channels",
                expected=f"{len(self._card.channels)}: {', '.join(self._card.channels)}",
            )
        with redirect_stdout(StringIO()):
            labels = self._labels(image, properties)
        reader.write_seg(self._cleaned(labels), str(out), properties)

    def _labels(self, image: NDArray[np.float32], properties: dict[str, Any]) -> NDArray[Any]:
        """Return label values in nnU-Net's order of axes."""
        earlier = None
        if self._before is not None:
            found = self._before.predict_single_npy_array(image, dict(properties))
            earlier = np.asarray(found, np.int16)[None]  # nnU-Net marks what it crops with -1
        mean: NDArray[Any] | None = None
        for member, told in zip(self._members, self._card.members, strict=True):
            found, probabilities = member.predict_single_npy_array(
                image,
                dict(properties),
                earlier if told.configuration == "3d_cascade_fullres" else None,
                save_or_return_probabilities=True,
            )
            if len(self._members) == 1:
                return np.asarray(found)
            share = np.asarray(probabilities, np.float32) / len(self._members)
            mean = share if mean is None else mean + share
        manager = self._members[0].label_manager
        return np.asarray(manager.convert_probabilities_to_segmentation(mean))

    def _cleaned(self, labels: NDArray[Any]) -> NDArray[Any]:
        from nnunetv2.postprocessing.remove_connected_components import (
            remove_all_but_largest_component_from_segmentation,
        )

        for values in self._card.postprocessing:
            labels = remove_all_but_largest_component_from_segmentation(labels, list(values))
        return labels


def _loaded(folder: Path, member: Member, device: str, mirrored: bool) -> Any:
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    own = folder / member.folder
    plan = read_plan(own / "plans.json")
    description = json.loads((own / "dataset.json").read_text("utf-8"))
    network = network_of(plan, description, member.configuration)
    checkpoints = [read_checkpoint(own / fold / CHECKPOINT) for fold in member.folds]
    weights = [_fitting(network, one["network_weights"], own.name) for one in checkpoints]
    with redirect_stdout(StringIO()):
        predictor = nnUNetPredictor(
            use_mirroring=mirrored,
            perform_everything_on_device=device.startswith("cuda"),
            device=torch.device(device),
            allow_tqdm=False,
        )
    plans = PlansManager(plan)
    axes = checkpoints[0].get("inference_allowed_mirroring_axes")
    predictor.manual_initialization(
        network.to(device),
        plans,
        plans.get_configuration(member.configuration),
        weights,
        description,
        checkpoints[0]["trainer_name"],
        tuple(axes) if axes else None,
    )
    return predictor


def _fitting(network: Any, found: dict[str, Any], name: str) -> dict[str, Any]:
    """Return weights under the network's own names, all of them or none."""
    wanted = network.state_dict()
    tensors = {n.removeprefix("module.").removeprefix("_orig_mod."): t for n, t in found.items()}
    matching = [n for n, t in wanted.items() if n in tensors and tensors[n].shape == t.shape]
    if len(matching) < len(wanted):
        raise WeightsError(
            f"the weights in '{name}' fit the planned network in {len(matching)} of "
            f"{len(wanted)} tensors",
            expected="weights that were trained with the plan beside them",
        )
    return {n: tensors[n] for n in wanted}
