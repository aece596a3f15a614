from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from napari_medssl.errors import UsageError
from napari_medssl.jobs import parcel
from napari_medssl.jobs.parcel import pack, unpacked
from napari_medssl.jobs.spec import new_spec


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    for name in ("images/a/1.dcm", "images/b.nii.gz", "net.safetensors", "net.json", "netto.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_what_is_named_travels_and_is_found_again(inputs: Path, tmp_path: Path) -> None:
    given = {
        "source": {"images": str(inputs / "images")},
        "start": str(inputs / "net.safetensors"),
        "title": "/not/there",
        "steps": 3,
        "held_out": None,
    }
    spec = new_spec("count", given, seed=4, processes=2)
    pack(spec, tmp_path / "parcel.zip")
    with zipfile.ZipFile(tmp_path / "parcel.zip") as packed:
        packed.extractall(tmp_path / "there")
    assert str(inputs) not in (tmp_path / "there" / "spec.json").read_text()
    found = unpacked(tmp_path / "there", at=tmp_path / "there")
    images = Path(found.arguments["source"]["images"])
    assert (images / "a" / "1.dcm").read_text() == "images/a/1.dcm"
    assert (images / "b.nii.gz").is_file()
    start = Path(found.arguments["start"])
    assert start.name == "net.safetensors"
    assert start.with_suffix(".json").read_text() == "net.json"
    assert not start.with_name("netto.json").exists()
    assert {**found.arguments, "source": 0, "start": 0} == {**given, "source": 0, "start": 0}
    assert (found.id, found.seed, found.processes) == (spec.id, 4, 2)


def test_a_project_is_not_packed(tmp_path: Path) -> None:
    for given in ({"project": "/p"}, {"source": {"project": "/p"}}):
        with pytest.raises(UsageError, match="cannot be packed"):
            pack(new_spec("learn", given), tmp_path / "parcel.zip")


def test_more_than_can_travel(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcel, "_MOST_BYTES", 100)
    with pytest.raises(UsageError, match="to travel with it"):
        pack(new_spec("count", {"images": str(inputs / "images")}), inputs / "parcel.zip")
