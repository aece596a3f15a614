"""What a job of pre-training is given: the same from the command line and from the window."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError
from napari_medssl.models.networks import network_card
from napari_medssl.models.networks.planned import NETWORK, PlannedNetwork
from napari_medssl.pretrain.cards import method_card, method_cards
from napari_medssl.pretrain.planning.planner import require_known
from napari_medssl.pretrain.settings.of_methods import require_use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_medssl.pretrain.planning.planner import ScaleName

#: the kind of job
KIND = "pretrain"
MINUTES = 10.0


@dataclass(frozen=True)
class PretrainRequest:
    """What a person wants an encoder to learn, and from what.

    Parameters
    ----------
    method : str
        Key of a `MethodCard`.
    folder : str
        Where the images are, absolute.
    of_project : bool
        Whether the folder is a project's: its scans are meant, wherever they lie.
    labels : str or None
        Folder of masks, called as the images, absolute: for a method that looks at them.
    probe_labels : str or None
        Folder of a few masks, called as the images, absolute: they tell how far the encoder is,
        and nothing is learned from them. Of a project the finished cases do.
    minutes, steps : float, int or None
        How long it learns; the paper's steps with neither, else ten minutes.
    network, dimensions : str, int or None
        Chosen by the images where None.
    planned : mapping or None
        What nnU-Net planned, as `PlannedNetwork.as_row` gives it: its network learns then.
    scale : {"here", "paper"}
        What this machine can do in minutes, or what the paper says.
    threads : int
        Of the processor.
    changes : mapping
        Fields of the plan, or settings of the method, that are wanted otherwise.

    Raises
    ------
    UsageError
        If one of them is not as said, or the method makes no sense for the network.
    """

    method: str
    folder: str
    of_project: bool = False
    labels: str | None = None
    probe_labels: str | None = None
    minutes: float | None = None
    steps: int | None = None
    network: str | None = None
    planned: Mapping[str, Any] | None = None
    dimensions: int | None = None
    scale: ScaleName = "here"
    threads: int = 1
    changes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        method_card(self.method)
        if self.minutes is not None and self.steps is not None:
            raise UsageError("both --minutes and --steps", expected="one of them")
        for name, count in (("minutes", self.minutes), ("steps", self.steps)):
            if count is not None and not count > 0:
                raise UsageError(f"--{name} {count:g}", expected="more than 0")
        if self.scale not in ("here", "paper"):
            raise UsageError(f"--scale {self.scale}", expected="here or paper")
        self._require_masks()
        require_known(self.method, self._changes)
        require_use(self.method, self.scale, self._changes)
        self._require_network()

    def _require_network(self) -> None:
        """Check that the method makes sense for the network, and that there is all it needs."""
        card = method_card(self.method)
        if self.planned is not None:
            planned = PlannedNetwork.from_row(self.planned)
            if self.network not in (None, NETWORK):
                raise UsageError(f"--nnunet with the network '{self.network}'", expected=NETWORK)
            if self._sides not in (None, planned.dimensions):
                raise UsageError(
                    f"{self._sides} dimensions with nnU-Net's {planned.configuration}",
                    expected=f"{planned.dimensions}, or another configuration",
                )
            card.require_network(NETWORK, planned.dimensions)
        elif self.network is not None:
            network = network_card(self.network)
            if network.needs_plan:
                raise UsageError(
                    f"the network '{self.network}' without a plan of nnU-Net's",
                    expected="--nnunet with one: an encoder of another shape would not go into it",
                    do="Let it plan: 'medssl nnunet plan ... --out plan.json'",
                )
            both = [dims for dims in network.dimensions if dims in card.dimensions]
            card.require_network(self.network, self.dimensions or max(both or network.dimensions))
        elif self._sides:
            card.own_network(self.scale, self._sides)
        if self._sides and (crop := self.changes.get("crop")) and len(crop) != self._sides:
            raise UsageError(
                f"crops of {len(crop)} sides in {self._sides}-D", expected=f"{self._sides} sides"
            )

    def _require_masks(self) -> None:
        """Check that there are masks where they are to be looked at, and only there."""
        card, asked = method_card(self.method), self.changes.get("mask")
        if self.labels is not None and not card.masks:
            able = [one.name for one in method_cards().values() if one.masks]
            raise UsageError(
                f"--labels with {card.title}, which learns from images alone",
                expected=f"the method {' or '.join(able)}, or no --labels",
            )
        for option in ("labels", "probe_labels"):
            if getattr(self, option) is not None and self.of_project:
                words = f"--{option.replace('_', '-')} with a project"
                raise UsageError(words, expected="a folder of images")
        if card.masks and asked == "labels" and self.labels is None and not self.of_project:
            expected = "--labels with their folder, or a project, whose finished cases have some"
            raise UsageError("mask=labels without masks", expected=expected)
        if self.labels is not None and asked not in (None, "labels"):
            raise UsageError(f"--labels with mask={asked}", expected="one of them")

    @property
    def _sides(self) -> int | None:
        """In how many dimensions it is to learn, where that is said."""
        return self.dimensions or len(self.changes.get("crop", ())) or None

    @property
    def _changes(self) -> dict[str, Any]:
        return {**self.changes, **({"mask": "labels"} if self.labels is not None else {})}

    @property
    def arguments(self) -> dict[str, Any]:
        """Plain data for a job's spec."""
        row = {**asdict(self), "changes": self._changes, "title": self.title}
        folder, of_project = row.pop("folder"), row.pop("of_project")
        whole = self.steps is not None or (self.scale == "paper" and self.minutes is None)
        row["minutes"] = None if whole else self.minutes or MINUTES
        # what is called a project is never packed: its images may lie anywhere
        return row | ({"project": folder} if of_project else {"images": folder})

    @property
    def title(self) -> str:
        """What the encoder is called; a project's name has no business in a checkpoint."""
        images = "scans of a project" if self.of_project else Path(self.folder).name
        return f"{method_card(self.method).title}, {images}"

    @property
    def job_title(self) -> str:
        """What its job is called."""
        return f"Learning without masks: {method_card(self.method).title}"
