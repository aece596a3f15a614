from __future__ import annotations

from napari_medssl.pretrain.plan import PretrainPlan
from napari_medssl.pretrain.settings.of_plan import PLAN_SETTINGS


def test_each_is_a_field_of_the_plan_with_its_default():
    fields = PretrainPlan.__dataclass_fields__
    for setting in PLAN_SETTINGS:
        assert setting.name in fields
        if setting.name not in ("crop", "batch", "last_decay"):  # not known by themselves
            assert setting.default == fields[setting.name].default
