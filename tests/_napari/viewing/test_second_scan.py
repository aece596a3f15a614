"""A second scan over the first: what is refused, what is told, without a window."""

from __future__ import annotations

import numpy as np
import pytest
from panel_fakes import Bench, make_volume

from napari_medssl.io import write_volume
from napari_medssl.volume import Geometry, Volume


def scan(origin=(0.0, 0.0, 0.0), shape=(4, 10, 20), direction=None) -> Volume:
    turned = {} if direction is None else {"direction": direction}
    array = np.random.default_rng(0).random(shape, np.float32)
    geometry = Geometry(shape, (3.0, 2.0, 1.0), origin, **turned)
    return Volume.from_source_array(array, geometry, name="pet", format="made", modality="PT")


def add(bench, volume, tmp_path):
    path = write_volume(volume, tmp_path / "pet.nii.gz")
    bench.panel.second_scan.add(path)
    bench.work.answer_all()


@pytest.fixture
def bench():
    return Bench(make_volume()).start()


def test_a_scan_on_its_own_grid_is_shown_and_the_first_stays_in_hand(bench, tmp_path):
    first, second = bench.scene.volume, scan((3.0, 4.0, 6.0))
    add(bench, second, tmp_path)
    (shown,) = bench.scene.laid_over
    assert np.array_equal(shown.array, second.array)
    assert shown.geometry.matches(second.geometry)
    assert bench.scene.volume is first
    assert bench.said[-1].startswith("'pet.nii.gz' lies over 'scan.nii.gz'.")
    assert not bench.problems


def test_a_scan_elsewhere_is_refused(bench, tmp_path):
    add(bench, scan((500.0, 0.0, 0.0)), tmp_path)
    assert not bench.scene.laid_over
    assert "lies nowhere over 'scan.nii.gz'" in bench.problems[-1]


def test_a_scan_that_hardly_touches_is_shown_with_a_warning(bench, tmp_path):
    add(bench, scan((29.0, 30.0, 0.0)), tmp_path)
    assert len(bench.scene.laid_over) == 1
    assert "of the smaller scan lies in the other" in bench.problems[-1]


def test_a_turned_scan_is_cut_along_the_planes_of_the_first_and_that_is_told(bench, tmp_path):
    c, s = np.cos(0.2), np.sin(0.2)
    add(bench, scan((3.0, 4.0, 6.0), direction=((0, 0, 1), (s, c, 0), (c, -s, 0))), tmp_path)
    (shown,) = bench.scene.laid_over
    assert np.allclose(shown.geometry.direction, bench.scene.volume.geometry.direction)
    assert "turned onto the planes" in bench.problems[-1]


def test_without_a_scan_there_is_nothing_to_lay_it_over(tmp_path):
    bench = Bench().start()
    bench.view.allow_second_scan.assert_called_with(False)
    add(bench, scan(), tmp_path)
    assert "Open a scan first" in bench.problems[-1]


@pytest.mark.parametrize(
    ("volume", "allowed"),
    [
        (make_volume(), True),
        (make_volume(stack="time"), False),
        (make_volume(spacing_known=False), False),
    ],
)
def test_only_a_scan_with_a_place_can_have_another_over_it(volume, allowed):
    Bench(volume).start().view.allow_second_scan.assert_called_with(allowed)


def test_the_same_patient_s_ct_and_mr_as_dicom(shared_data):
    from napari_medssl.io import read_volume

    patient = shared_data / "dicom-rtstruct-sts" / "STS_025"
    bench = Bench(read_volume(patient / "CT" / "image")).start()
    bench.panel.second_scan.add(patient / "MR_T1" / "image")
    bench.work.answer_all()
    assert len(bench.scene.laid_over) == 1
    assert not bench.problems
