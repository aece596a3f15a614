"""Every error a user can meet: what came, what was expected, what to do next.

The window and the command line print ``str(error)`` and nothing else, so a message is made of
whole sentences and names a file by its name, never by its full path (a path may hold a patient's
name).
"""


class MedSSLError(Exception):
    """Bad input or a failed step, said in words a clinician can act on.

    Parameters
    ----------
    came : str
        What was found, without a full stop: ``"'scan.nii' ends after 1,352 of 62,827 bytes"``.
    expected : str, optional
        What was expected instead, without a full stop.
    do : str, optional
        The next step, as an imperative without a full stop.
    """

    def __init__(self, came: str, *, expected: str = "", do: str = "") -> None:
        self.came = came
        self.expected = expected
        self.do = do
        parts = [came.rstrip(".")]
        if expected:
            parts[0] += f"; expected {expected.rstrip('.')}"
        if do:
            parts.append(do.rstrip("."))
        super().__init__(". ".join(parts) + ".")


class UnreadableFileError(MedSSLError):
    """A file is damaged, cut off, or not what its name says."""


class UnsupportedFormatError(MedSSLError):
    """A file is whole, but of a kind we do not read or write."""


class GeometryError(MedSSLError):
    """Voxels cannot be placed in space, or two grids do not match."""


class PromptError(MedSSLError):
    """A point or a box cannot be used with this image."""


class WeightsError(MedSSLError):
    """A weights file is missing, altered, or does not fit the network."""


class SaveError(MedSSLError):
    """A file could not be written; what stood there before is untouched."""


class UsageError(MedSSLError):
    """A command or a setting was given a value that it does not take."""


class ProjectError(MedSSLError):
    """A project is not there, is damaged, or cannot do what was asked."""


class ReadOnlyError(ProjectError):
    """A project that may only be looked at was asked to change."""


class MissingImageError(ProjectError):
    """The image of a case is not where it was."""


class ChangedImageError(ProjectError):
    """A file is not the image that a case was made from."""


class StoppedError(MedSSLError):
    """A run was ended by the user before it was done."""


class OutOfMemoryError(MedSSLError):
    """There is not enough memory for a step, however it is done."""


class NoAnswerError(MedSSLError):
    """A cluster or a server does not answer, or not in a way that can be understood."""
