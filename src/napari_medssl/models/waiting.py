"""How threads that compute together wait for one another; settled before torch is loaded."""

from __future__ import annotations

import os

_POLICY = "OMP_WAIT_POLICY"


def wait_asleep() -> None:
    """Let threads sleep while they wait for one another, unless the user says otherwise.

    By default they wait awake. Beside other programs (a window, a second job) a thread then burns
    the time that the one it waits for needs. Measured on two cores: a step of learning took 2.1 to
    2.3 s asleep and 5.8 to 6.1 s awake with a dozen other programs at work, and 0.68 to 0.74 s
    asleep and 0.56 to 0.71 s awake with none. It must be called before torch is loaded.
    """
    os.environ.setdefault(_POLICY, "passive")
