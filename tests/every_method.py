"""A plan for every method, small enough to run all of them in a test."""

from __future__ import annotations

from dataclasses import replace

from made_scans import plan_for

from napari_medssl.pretrain.plan import PretrainPlan

_OF = {
    "simsiam": {"settings": {"width": 16, "iou": (0.1, 0.9)}},
    "barlow": {"settings": {"width": 16}, "batch": 8, "accumulate": 2},
    "byol": {"settings": {"hidden": 32, "width": 16, "momentum": 0.9}},
    "regression": {},
    "dino": {"settings": {"classes": 32, "hidden": 16, "small": 2, "momentum": 0.9,
                          "norms": True}},
    "mae": {
        "network": "medsass_vit_s",
        "arguments": {"dim": 24, "depth": 2, "heads": 2, "widths": (4, 4, 4, 4)},
        "dimensions": 2,
        "crop": (32, 32),
        "settings": {"width": 12, "depth": 1, "heads": 2},
    },
    "simmim": {"settings": {"cell": 4}},
    "smit": {
        "network": "smit",
        "arguments": {"feature_size": 4, "depths": (1, 1, 2, 1), "heads": (1, 1, 1, 1),
                      "drop_path": 0.0},
        "crop": (64, 64, 64),
        "batch": 2,
        "settings": {"classes": 16, "hidden": 16, "momentum": 0.9, "around": 1.1},
    },
    "swin-unetr": {},
    "medsass": {},
    "kidney-side": {"batch": 8, "accumulate": 2, "settings": {"mask": "none"}},
    "contrastive": {"settings": {"level": 1, "regions": 8}, "crop": (16, 16, 16)},
}  # fmt: skip


def plan_of(method: str, **changes: object) -> PretrainPlan:
    plan = plan_for(method, optimiser="sgd", rate=0.01, steps=3, **_OF[method])
    return replace(plan, **changes)
