"""nnU-Net's trainer, taught to tell how far it is, to stop, and to save safely.

Importing this imports nnunetv2: enter `folders.surroundings` before.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from nnunetv2.training.logging.nnunet_logger import MetaLogger
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from napari_medssl.errors import SaveError, WeightsError
from napari_medssl.finetune.nnunet.checkpoints import read_checkpoint
from napari_medssl.finetune.nnunet.folders import TRAINER
from napari_medssl.finetune.nnunet.reporting import TrainingStoppedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_medssl.finetune.nnunet.reporting import Pace
    from napari_medssl.finetune.nnunet.settings import NnunetSettings
    from napari_medssl.models.report import Report

_MOST_SEED = 2**32


class _ReportingLogger(MetaLogger):  # type: ignore[misc]
    """Hands on each epoch's numbers; the curves are in the events, so no picture is drawn."""

    def __init__(self, folder: str, report: Report, name: str) -> None:
        super().__init__(folder, False)
        self._report = report
        self._name = name

    def log(self, key: str, value: Any, step: int) -> None:
        """Keep a number, and tell all of an epoch when its last one comes."""
        super().log(key, value, step)
        if key == "epoch_end_timestamps":
            began = self.get_value("epoch_start_timestamps", -1)
            self._report.metric(
                step + 1,
                training=self._name,
                train_loss=float(self.get_value("train_losses", -1)),
                val_loss=float(self.get_value("val_losses", -1)),
                pseudo_dice=float(self.get_value("mean_fg_dice", -1)),
                pseudo_dice_smoothed=float(self.get_value("ema_fg_dice", -1)),
                learning_rate=float(self.get_value("lrs", -1)),
                epoch_seconds=float(value - began),
            )

    def plot_progress_png(self, output_folder: str) -> None:
        """Draw nothing: it would take seconds an epoch."""


class ReportingTrainer(nnUNetTrainer):  # type: ignore[misc]
    """nnU-Net's own training, loop and network unchanged.

    Its initialiser must stay that of nnU-Net, which looks at the names of its parameters; what is
    ours comes in by `take`.
    """

    def take(
        self,
        settings: NnunetSettings,
        report: Report,
        pace: Pace,
        should_stop: Callable[[], bool],
    ) -> None:
        """Take what a run asks for; once, before anything else is called."""
        self.num_epochs = settings.epochs
        self.num_iterations_per_epoch = settings.iterations
        self.num_val_iterations_per_epoch = settings.validation_iterations
        self.save_every = 1
        self.logger = _ReportingLogger(self.output_folder, report, self.called)
        self._report = report
        self._pace = pace
        self._should_stop = should_stop
        self._seed = settings.seed
        self._step = 0

    @property
    def called(self) -> str:
        """What this training is called in what is told."""
        return f"{self.configuration_name}, fold {self.fold}"

    def seed_for(self, epoch: int) -> None:
        """Begin the draws of an epoch anew, whatever was drawn before: a resumed run draws alike.

        Processes that prepare windows beside this one draw for themselves.
        """
        drawn = np.random.SeedSequence([self._seed, int(self.fold), epoch + 1])
        seed = int(drawn.generate_state(1)[0]) % _MOST_SEED
        np.random.seed(seed)
        torch.manual_seed(seed)

    def resume(self) -> bool:
        """Go on from the newest checkpoint that can be read; False where there is none."""
        for name in ("checkpoint_final.pth", "checkpoint_latest.pth", "checkpoint_best.pth"):
            path = Path(self.output_folder) / name
            if path.is_file():
                try:
                    read_checkpoint(path)  # nothing in it is run before this has passed
                except WeightsError as error:
                    self._report.warning(f"{error} An earlier one is taken.")
                    continue
                self.load_checkpoint(str(path))
                return True
        return False

    def on_train_epoch_start(self) -> None:
        """Begin an epoch."""
        self.seed_for(self.current_epoch)
        self._step = 0
        super().on_train_epoch_start()

    def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Do one step, unless the run was asked to stop."""
        self._go_on()
        done: dict[str, Any] = super().train_step(batch)
        return done

    def validation_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Measure on one batch, unless the run was asked to stop."""
        self._go_on()
        done: dict[str, Any] = super().validation_step(batch)
        return done

    def on_epoch_end(self) -> None:
        """End an epoch, with a checkpoint each."""
        super().on_epoch_end()
        self._pace.move(self.current_epoch, at_once=True)

    def save_checkpoint(self, filename: str) -> None:
        """Save beside the old one, and only then take its place.

        Raises
        ------
        SaveError
            If the disk is full; the old one is whole then.
        """
        part = f"{filename}.part"
        try:
            super().save_checkpoint(part)
            with open(part, "rb+") as stream:
                os.fsync(stream.fileno())
            os.replace(part, filename)
        except (OSError, RuntimeError) as error:
            with suppress(OSError):
                os.unlink(part)
            raise SaveError(
                f"'{Path(filename).name}' could not be written",
                do="Make room on the disk, and resume the job; the last checkpoint is whole",
            ) from error

    def print_to_log_file(
        self, *args: Any, also_print_to_console: bool = True, add_timestamp: bool = True
    ) -> None:
        """Print, which goes to the job's log: it takes paths out, a file of nnU-Net's would not."""
        print(*args)

    def finish_loaders(self) -> None:
        """End the processes that prepare windows, also after a stop or a failure."""
        for loader in (self.dataloader_train, self.dataloader_val):
            if hasattr(loader, "_finish"):
                with suppress(Exception):
                    loader._finish()

    def plot_network_architecture(self) -> None:
        """Draw nothing."""

    def _save_debug_information(self) -> None:
        """Keep no names of machines and folders."""

    def _go_on(self) -> None:
        if self._should_stop():
            raise TrainingStoppedError
        steps = self.num_iterations_per_epoch + self.num_val_iterations_per_epoch
        self._pace.move(self.current_epoch + self._step / steps)
        self._step += 1


#: nnU-Net names folders after the class of the trainer, and finds the class by what a checkpoint
#: says; as the network is nnU-Net's own, under its own name the result opens in nnU-Net itself
Trainer = type(TRAINER, (ReportingTrainer,), {})
