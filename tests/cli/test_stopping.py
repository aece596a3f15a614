from __future__ import annotations

import os
import signal

import pytest

from napari_medssl.cli.stopping import stop_on_interrupt


def test_the_first_asks_to_stop_and_the_second_ends_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt("Stopping.") as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        assert "Stopping." in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
