"""What must be settled in a window before it loads torch.

torch brings triton, and triton its own LLVM. Mesa's llvmpipe, which draws where there is no
graphics card (Xvfb, remote desktops), has loaded another LLVM with symbols that every later
library sees. triton then calls into the wrong one, and the whole window dies (measured: always,
with triton 3.8 and Mesa 22.3). A triton that looks into itself first lives.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec

from napari_medssl.models.waiting import wait_asleep


def before_torch() -> None:
    """Settle it; to be called before torch is loaded, and harmless afterwards."""
    wait_asleep()
    _import_triton_by_itself()


def _import_triton_by_itself() -> None:
    """Import triton, where there is one, so that it finds its own symbols before Mesa's."""
    deep = getattr(os, "RTLD_DEEPBIND", 0)  # glibc only; elsewhere libraries do not mix so
    if not deep or "triton" in sys.modules or find_spec("triton") is None:
        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | deep)
    try:
        import_module("triton")
    except ImportError:
        return  # torch does without it
    finally:
        sys.setdlopenflags(flags)
