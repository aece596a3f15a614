"""Files made to run code or to fill the memory: none is run, and each is refused in a sentence."""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import foreign_files as files
import numpy as np
import pytest
import torch
from torch import nn

from napari_medssl.errors import WeightsError
from napari_medssl.models.checkpoint import read_tensors
from napari_medssl.models.layouts.recognise import read_foreign


class Reduces:
    """Unpickled, it calls what it is told to."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self.call = (call, arguments)

    def __reduce__(self) -> Any:
        return self.call


class Sprung(nn.Module):
    """A network that makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))
        self.mark = mark

    def __setstate__(self, state: dict[str, Any]) -> None:
        state["mark"].touch()
        self.__dict__.update(state)


def shell(mark: Path) -> Reduces:
    return Reduces(os.system, f"touch '{mark}'")


def code(mark: Path) -> str:
    return f"open({str(mark)!r}, 'w').close()"


def with_command(path: Path, mark: Path) -> None:
    torch.save({"weight": torch.zeros(2), "epoch": shell(mark)}, path)


def plain_pickle(path: Path, mark: Path) -> None:
    path.write_bytes(pickle.dumps({"weight": shell(mark)}))


def old_format(path: Path, mark: Path) -> None:
    torch.save({"weight": shell(mark)}, path, _use_new_zipfile_serialization=False)


def whole_module(path: Path, mark: Path) -> None:
    torch.save(Sprung(mark), path)


def evaluated(path: Path, mark: Path) -> None:
    torch.save({"weight": Reduces(eval, code(mark))}, path)


def executed(path: Path, mark: Path) -> None:
    torch.save({"state_dict": {"weight": Reduces(exec, code(mark))}}, path)


def by_a_builtin(path: Path, mark: Path) -> None:
    torch.save({"weight": Reduces(getattr, Reduces(__import__, "os"), "system")}, path)


def by_mkdir(path: Path, mark: Path) -> None:
    torch.save({"weight": Reduces(os.mkdir, str(mark))}, path)


def in_a_namespace(path: Path, mark: Path) -> None:
    options = argparse.Namespace(lr=1e-3, hook=shell(mark))
    torch.save({"student": {"a": torch.zeros(1)}, "teacher": {}, "args": options}, path)


def in_an_object_array(path: Path, mark: Path) -> None:
    torch.save({"weight": torch.zeros(1), "logging": np.array([shell(mark)], object)}, path)


def in_an_object_scalar(path: Path, mark: Path) -> None:
    scalar = np.float64(0).__reduce__()[0]
    torch.save({"best": Reduces(scalar, np.dtype(object), shell(mark))}, path)


def as_a_state(path: Path, mark: Path) -> None:
    torch.save({"model": {"a": torch.zeros(1)}, "optimizer": {"state": {0: shell(mark)}}}, path)


def of_dill(path: Path, mark: Path) -> None:
    """The opcodes that dill writes for a lambda; dill itself need not be there."""
    body = b"cdill._dill\n_create_function\n(cdill._dill\n_create_code\n(I0\ntRtR."
    _as_archive(path, body)


def in_old_tar(path: Path, mark: Path) -> None:
    with tarfile.open(path, "w") as archive:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            data = pickle.dumps(shell(mark), protocol=2)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def in_a_nested_record(path: Path, mark: Path) -> None:
    """The pickle itself asks for nothing; the record of the tensor's numbers is a pickle too."""
    torch.save({"weight": torch.zeros(512), "epoch": pickle.dumps(shell(mark))}, path)
    data = pickle.dumps(shell(mark))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{path.stem}/extra.pkl", data)
        archive.writestr(f"{path.stem}/code/__torch__.py", code(mark))
        archive.writestr(f"{path.stem}/constants.pkl", data)


WITH_CODE = (
    with_command, plain_pickle, old_format, whole_module, evaluated, executed, by_mkdir,
    in_a_namespace, in_an_object_array, in_an_object_scalar, as_a_state,
)  # fmt: skip
ALL = (*WITH_CODE, by_a_builtin, of_dill, in_old_tar, in_a_nested_record)


def _as_archive(path: Path, body: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", body)
        archive.writestr("archive/byteorder", "little")
        archive.writestr("archive/version", "3\n")


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "it was run"


@pytest.mark.parametrize("read", [read_tensors, read_foreign], ids=lambda f: f.__name__)
@pytest.mark.parametrize("write", ALL, ids=lambda f: f.__name__)
def test_nothing_is_run_and_a_sentence_is_said(tmp_path, mark, write, read) -> None:
    path = tmp_path / "weights.pth"
    write(path, mark)
    with pytest.raises(WeightsError) as caught:
        read(path)
    assert not mark.exists()
    said = str(caught.value)
    assert said.startswith("'weights.pth' ")
    assert said.endswith(".")
    assert str(tmp_path) not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("write", WITH_CODE, ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_same_file_is_dangerous_elsewhere(tmp_path, mark, write) -> None:
    """So that the test above could fail: torch without its guard runs every one of these."""
    path = tmp_path / "weights.pth"
    write(path, mark)
    if write is plain_pickle:
        pickle.loads(path.read_bytes())  # noqa: S301 - that is the point
    else:
        with suppress(TypeError):  # numpy refuses the object, but only once it has been made
            torch.load(path, weights_only=False)
    assert mark.exists()


def test_the_name_that_it_asks_for_is_told(tmp_path, mark) -> None:
    with_command(tmp_path / "weights.pth", mark)
    with pytest.raises(WeightsError, match=r"asks for '(posix|nt)\.system'.*nothing of it was run"):
        read_foreign(tmp_path / "weights.pth")


def test_a_name_made_to_spoil_the_terminal_is_shown_plain(tmp_path) -> None:
    _as_archive(tmp_path / "w.pth", b"cos\n\x1b[2Jsystem" + b"m" * 500 + b"\n.")
    with pytest.raises(WeightsError) as caught:
        read_foreign(tmp_path / "w.pth")
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400


def _safetensors(path: Path, header: object, data: bytes = b"", length: int | None = None) -> None:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)


def entry(shape: list[int], begin: int, end: int) -> dict[str, Any]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize("read", [read_tensors, read_foreign], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("header", "data", "length"),
    [
        ({"a": entry([2], 0, 8)}, bytes(8), 1 << 62),
        ({"a": entry([2], 0, 8)}, bytes(8), 3),
        ({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, bytes(12), None),
        ({"a": entry([1 << 40], 0, 1 << 42)}, bytes(8), None),
        ({"a": entry([1 << 62, 1 << 62], 0, 8)}, bytes(8), None),
        ({"a": entry([2], 8, 0)}, bytes(8), None),
    ],
    ids=["header too long", "header cut", "overlap", "huge", "overflow", "backwards"],
)
def test_dishonest_safetensors_are_refused(tmp_path, header, data, length, read) -> None:
    _safetensors(tmp_path / "weights.safetensors", header, data, length)
    with pytest.raises(WeightsError, match=r"'weights\.safetensors' cannot be read as weights"):
        read(tmp_path / "weights.safetensors")


@pytest.mark.parametrize("read", [read_tensors, read_foreign], ids=lambda f: f.__name__)
def test_a_tensor_larger_than_its_data_is_refused(tmp_path, read) -> None:
    torch.save({"patch_embed": torch.zeros(1).expand(1 << 40)}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read(tmp_path / "w.pth")
    place = torch.zeros(1, 1, dtype=torch.long)
    sparse = torch.sparse_coo_tensor(place, [1.0], (1 << 40,), check_invariants=True)
    torch.save({"patch_embed": sparse}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read(tmp_path / "w.pth")


def test_a_file_that_holds_itself_is_refused(tmp_path) -> None:
    content: dict[str, Any] = {"a": torch.zeros(1)}
    content["state_dict"] = content
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read_foreign(tmp_path / "w.pth")


def test_words_of_a_file_are_shown_plain(tmp_path) -> None:
    content = files.nnunet()
    content["init_args"]["configuration"] = "\x1b[2J3d" + "x" * 500
    note = read_foreign(files.saved(content, tmp_path / "w.pth")).note
    assert "\x1b" not in note
    assert len(note) < 120


def test_an_archive_that_unpacks_to_more_than_it_is_is_refused(tmp_path) -> None:
    torch.save({"a": torch.zeros(1 << 20)}, tmp_path / "w.pth")
    with (
        zipfile.ZipFile(tmp_path / "w.pth") as plain,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    assert (tmp_path / "bomb.pth").stat().st_size < 20_000
    with pytest.raises(WeightsError, match="cannot be read as weights"):
        read_foreign(tmp_path / "bomb.pth")
