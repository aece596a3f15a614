"""Images left out: a sentence each for a few, the names of the others."""

from __future__ import annotations

from napari_medssl.pretrain.images.left_out import left_out_words


def test_few_have_a_sentence_each():
    assert left_out_words({"a": "It is cut off.", "b": "It is empty."}) == [
        "a was left out: It is cut off.",
        "b was left out: It is empty.",
    ]
    assert left_out_words({}) == []


def test_of_many_all_are_named_in_four_sentences():
    words = left_out_words({f"image-{n}": f"It has {n} voxels." for n in range(30)})
    assert len(words) == 4
    assert words[-1].startswith("27 more images were left out for the like: image-3, image-4, ")
    assert words[-1].endswith(", image-29.")


def test_one_more_is_one():
    assert left_out_words(dict.fromkeys("abcd", "It is empty."))[-1] == (
        "1 more image was left out for the like: d."
    )
