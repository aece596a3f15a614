from __future__ import annotations

from napari_medssl.errors import MedSSLError, UnreadableFileError


def test_a_message_is_whole_sentences() -> None:
    error = UnreadableFileError(
        "'scan.nii' ends early", expected="62,827 bytes", do="Copy it again from where it came"
    )
    assert str(error) == (
        "'scan.nii' ends early; expected 62,827 bytes. Copy it again from where it came."
    )
    assert isinstance(error, MedSSLError)


def test_parts_may_be_left_out() -> None:
    assert str(MedSSLError("nothing here")) == "nothing here."
    assert str(MedSSLError("nothing here.", do="Go on.")) == "nothing here. Go on."
