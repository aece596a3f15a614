from __future__ import annotations

from types import SimpleNamespace

from napari_medssl.correct.matching import match_classes


def rows(**names):
    return [SimpleNamespace(name=name, value=value) for name, value in names.items()]


def test_names_come_first_however_they_are_written():
    classes = rows(Liver=1, left_kidney=2)
    labels = [SimpleNamespace(name="Left Kidney", value=1), SimpleNamespace(name="LIVER", value=7)]
    assert match_classes(classes, labels) == {1: 7, 2: 1}


def test_a_value_counts_only_where_nobody_has_named_the_label():
    classes, labels = rows(liver=1), rows(spleen=1)
    assert match_classes(classes, labels) == {1: 2}, "a spleen is no liver"
    unnamed = [SimpleNamespace(name="Label 1", value=1)]
    assert match_classes(classes, unnamed, {1}) == {1: 1}


def test_new_labels_get_their_own_value_where_it_is_free():
    assert match_classes(rows(liver=1, spleen=5), rows(tumour=1, cyst=2)) == {1: 6, 5: 5}
    assert match_classes(rows(a=1, b=2), []) == {1: 1, 2: 2}
    assert match_classes(rows(a=1, b=2), rows(c=1)) == {1: 3, 2: 2}


def test_no_two_classes_get_one_label():
    classes = [SimpleNamespace(name="kidney", value=n) for n in (1, 2, 3)]
    found = match_classes(classes, rows(kidney=2), set())
    assert found[1] == 2
    assert len(set(found.values())) == 3
