"""Which fields of a plan may be wanted otherwise, beside those that are options of their own."""

from __future__ import annotations

from typing import get_args

from napari_medssl.pretrain.plan import Optimiser, Precision
from napari_medssl.pretrain.settings.setting import Setting

#: their defaults are those of `PretrainPlan`; most recipes say others
PLAN_SETTINGS = (
    Setting("crop", (), "Sides of what the network sees at once, in voxels: [32, 32, 32]", low=1),
    Setting("batch", 16, "Images at each step", low=1),
    Setting("accumulate", 1, "In how many parts a batch goes through the network", low=1),
    Setting("optimiser", "adamw", "What turns slopes into steps", get_args(Optimiser)),
    Setting("rate", 1e-3, "Longest step"),
    Setting("last_rate", 0.0, "Step length in the end"),
    Setting("decay", 1e-2, "How much weights shrink: weight decay"),
    Setting("last_decay", 0.0, "Weight decay in the end; as in the beginning unless given"),
    Setting("warm_up", 0, "Steps in which the step length rises"),
    Setting("plateau", 0, "Epochs without a lower loss before steps get half as long; 0: never"),
    Setting("clip", 3.0, "Longest slope, to which longer ones are shortened; 0: any"),
    Setting("save_every", 25, "Steps between two states on the disk: what a kill can cost", low=1),
    Setting("precision", "float32", "Of the network's arithmetic", get_args(Precision)),
    Setting("stop_on_collapse", False, "Whether it ends early when all images come out alike"),
)
