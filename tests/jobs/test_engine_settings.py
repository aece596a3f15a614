from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_medssl.errors import UnreadableFileError, UsageError
from napari_medssl.jobs.engine_settings import (
    EngineBook,
    RaySettings,
    SlurmSettings,
    settings_from,
)


def test_engines_are_named_and_forgotten() -> None:
    book = EngineBook()
    assert book.engines() == {}
    gpu = settings_from("ray", address="http://127.0.0.1:1", gpus=2, packed=None)
    hpc = settings_from("slurm", partition="night", hours=4)
    book.add("gpu", gpu)
    book.add("hpc", hpc)
    assert EngineBook().engines() == {"gpu": gpu, "hpc": hpc}
    assert isinstance(gpu, RaySettings)
    assert isinstance(hpc, SlurmSettings)
    book.add("gpu", hpc)
    book.remove("hpc")
    assert book.engines() == {"gpu": hpc}
    with pytest.raises(UsageError, match="no engine 'hpc'; expected 'here' or 'gpu'"):
        book.remove("hpc")


@pytest.mark.parametrize("name", ["", "here", "A B", "../x", "-x"])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(UsageError, match="an engine called"):
        EngineBook().add(name, RaySettings())


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("ray", {"gpus": -1}, "gpus -1"),
        ("ray", {"cpus": 0}, "cpus 0"),
        ("slurm", {"hours": 0}, "hours 0"),
        ("slurm", {"memory_gb": -3}, "memory gb -3"),
    ],
)
def test_what_cannot_be_is_a_sentence(kind: str, given: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        settings_from(kind, **given)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        json.dumps({"engines": {"gpu": {"kind": "ray", "gpus": "many"}}}),
        json.dumps({"engines": {"gpu": {"kind": "dask"}}}),
        json.dumps({"engines": {"gpu": {"kind": "ray", "token": "s3cret"}}}),
    ],
)
def test_a_damaged_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "engines.json").write_text(text)
    with pytest.raises(UnreadableFileError, match=r"'engines\.json' is damaged") as caught:
        EngineBook(tmp_path / "engines.json").engines()
    assert "s3cret" not in str(caught.value)
