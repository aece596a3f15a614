"""What changes in the course of a run, as functions of the step: rates, momenta, temperatures.

Every schedule counts steps of the whole run, not of an epoch, so a run that goes on after a kill
goes on in the middle of its curve.
"""

from __future__ import annotations

from math import cos, pi

#: of a temperature, by which answers are divided
COLDEST = 1e-3


def cosine(step: int, steps: int, start: float, end: float) -> float:
    """Go from ``start`` at step 0 to ``end`` at the last step, slow at both ends.

    Parameters
    ----------
    step, steps : int
        Where in a run of how many steps; beyond its end, the end.
    start, end : float
        Of whatever it is.

    References
    ----------
    Loshchilov 2017 (SGDR), equation 5, without restarts.
    """
    part = min(1.0, max(0, step) / max(1, steps - 1))
    return end + (start - end) * (1 + cos(pi * part)) / 2


def linear(step: int, steps: int, start: float, end: float) -> float:
    """Go straight from ``start`` at step 0 to ``end`` at step ``steps``, and stay there."""
    part = 1.0 if steps <= 0 else min(1.0, max(0, step) / steps)
    return start + (end - start) * part


def warm_up_cosine(
    step: int, steps: int, peak: float, *, warm_up: int = 0, end: float = 0.0
) -> float:
    """Rise straight to ``peak`` during the warm-up, then fall along a cosine to ``end``.

    Parameters
    ----------
    step, steps : int
        Where in a run of how many steps.
    peak, end : float
        The highest rate, and the last one.
    warm_up : int
        How many steps rise; the first of them is not at 0, so it teaches too.
    """
    if step < warm_up:
        return peak * (step + 1) / warm_up
    return cosine(step - warm_up, steps - warm_up, peak, end)


def teacher_momentum(step: int, steps: int, start: float = 0.996) -> float:
    """Return how much of itself a teacher keeps at a step: from ``start`` along a cosine to 1.

    References
    ----------
    Grill 2020 (BYOL), section 3.3; Caron 2021 (DINO) and Jiang 2022 (SMIT), the same curve.
    """
    return cosine(step, steps, start, 1.0)


def teacher_temperature(
    step: int, warm_up: int, *, start: float = 0.04, end: float = 0.07, held: int = 0
) -> float:
    """Return the temperature of a teacher's answers at a step.

    Parameters
    ----------
    step, warm_up : int
        It rises straight for so many steps, and stays then.
    start, end : float
        Before and after.
    held : int
        For so many steps it stays at the start first, as SMIT's and iBOT's for patches does.

    References
    ----------
    Caron 2021 (DINO), appendix; Jiang 2022 (SMIT), the published code.
    """
    return linear(step - held, warm_up, start, end)
