from __future__ import annotations

import multiprocessing
import os
import sys
import warnings
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from napari_medssl.errors import MedSSLError
from napari_medssl.finetune.nnunet.folders import (
    NnunetFolders,
    require_nnunet,
    surroundings,
    use_gpu,
)


def test_without_nnunet_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nnunetv2", None)
    with pytest.raises(MedSSLError, match=r"pip install napari-medssl\[nnunet\]"):
        require_nnunet()


def test_the_surroundings_hold_while_they_last(tmp_path: Path) -> None:
    pytest.importorskip("nnunetv2")
    before = dict(os.environ)
    with surroundings(tmp_path, 0):
        assert os.environ["nnUNet_raw"] == str(tmp_path / "nnUNet_raw")  # noqa: SIM112
        assert (tmp_path / "nnUNet_results").is_dir()
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            assert isinstance(pool, ThreadPool)
            assert pool.map(abs, [-1, 2]) == [1, 2]
        assert multiprocessing.get_context("fork").Pool is not None
        warnings.warn("of a library", DeprecationWarning, stacklevel=1)
    assert dict(os.environ) == before
    assert not hasattr(multiprocessing.get_context("spawn"), "_real")
    with surroundings(tmp_path, 2):
        assert os.environ["nnUNet_n_proc_DA"] == "1"  # noqa: SIM112 - and one for the validation


def test_a_worker_that_died_is_told_and_other_errors_pass(tmp_path: Path) -> None:
    pytest.importorskip("nnunetv2")
    with pytest.raises(MedSSLError, match="memory did not suffice"), surroundings(tmp_path, 1):
        raise RuntimeError("Some background worker is 6 feet under. Yuck.")
    with pytest.raises(RuntimeError, match="else"), surroundings(tmp_path, 1):
        raise RuntimeError("something else")


def test_one_gpu_of_those_seen_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    assert use_gpu("cpu") == "cpu"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,6"
    assert use_gpu("cuda:1") == "cuda"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "6"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert use_gpu("cuda:2") == "cuda"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2"


def test_names_are_nnunets_own(tmp_path: Path) -> None:
    folders = NnunetFolders(tmp_path, "Dataset501_Liver")
    assert folders.raw == tmp_path / "nnUNet_raw" / "Dataset501_Liver"
    assert folders.trained("2d").name == "nnUNetTrainer__nnUNetPlans__2d"
