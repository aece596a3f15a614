"""Does a network still tell images apart? Numbers that a run shows, and when to warn."""

from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

#: above this the answers are nearly the same for all images (ours; the thesis saw poor fine-tuning
#: go with high values, and prints no limit)
COLLAPSED_FROM = 0.7


@torch.no_grad()
def collapse_coefficient(vectors: Tensor) -> float:
    """Return max(0, 1 - sqrt(d) s): near 0 where vectors point everywhere, 1 where all are one.

    Parameters
    ----------
    vectors : (batch, d) tensor
        For SimSiam the predictor's. s is the mean over channels of the standard deviation over
        the batch, of vectors brought to length 1.

    References
    ----------
    Konieczkowicz (S3), equation 4.3; Chen and He 2021 (SimSiam), section 4.1.
    """
    return max(0.0, 1.0 - token_spread(vectors))


@torch.no_grad()
def pairs_found(first: Tensor, second: Tensor) -> float:
    """Return for which part of the images the other view is the nearest vector of all.

    Norms by the batch keep vectors apart whatever they say, so that `collapse_coefficient` tells
    nothing; this does.

    Parameters
    ----------
    first, second : (batch, d) tensor
        Vectors of two views; row i of both is the same image. By chance 1 in 2 x batch - 1.
    """
    vectors = functional.normalize(torch.cat([first, second]).float(), dim=1)
    alike = (vectors @ vectors.T).fill_diagonal_(float("-inf"))
    other_view = torch.arange(len(vectors), device=alike.device).roll(len(first))
    return float((alike.argmax(1) == other_view).float().mean())


@torch.no_grad()
def token_spread(tokens: Tensor) -> float:
    """Return sqrt(d) times the mean standard deviation of tokens brought to length 1.

    Parameters
    ----------
    tokens : (..., d) tensor
        About 1 where they point everywhere, 0 where all are one, and 0 for a single one.
    """
    rows = functional.normalize(tokens.float().flatten(0, -2), dim=1)
    if len(rows) < 2:
        return 0.0
    return float(rows.std(0).mean()) * sqrt(rows.shape[1])


@torch.no_grad()
def teacher_entropy(teacher: Tensor, centre: Tensor, temperature: float) -> float:
    """Return the mean entropy of a teacher's answers as a part of the highest possible, 0 to 1.

    At 1 it says all classes of every image, at 0 one of each; a run collapses to either. One that
    names the same class everywhere is seen by `answers_in_use`.

    Parameters
    ----------
    teacher : (..., classes) tensor
        Logits.
    centre : (classes,) tensor
        What is taken from them.
    temperature : float
        The teacher's.
    """
    answers = ((teacher.float() - centre) / temperature).softmax(-1)
    return float(torch.special.entr(answers).sum(-1).mean()) / log(answers.shape[-1])


@torch.no_grad()
def answers_in_use(teacher: Tensor, centre: Tensor, temperature: float) -> float:
    """Return e to the entropy of the mean answer: of how many classes a teacher makes use, from 1.

    Parameters
    ----------
    teacher, centre, temperature
        As in `teacher_entropy`.
    """
    answers = ((teacher.float() - centre) / temperature).softmax(-1).flatten(0, -2).mean(0)
    return float(torch.special.entr(answers).sum().exp())


@torch.no_grad()
def divergence(
    student: Tensor,
    teacher: Tensor,
    *,
    centre: Tensor,
    student_temperature: float,
    teacher_temperature: float,
) -> float:
    """Return the mean Kullback-Leibler divergence of the student's answers from the teacher's.

    In nats; 0 where they agree, which with a collapsed teacher is no good sign.

    Parameters
    ----------
    student, teacher : (..., classes) tensor
        Logits of the same views.
    centre : (classes,) tensor
        What is taken from the teacher's.
    student_temperature, teacher_temperature : float
        Of each.
    """
    told = (student.float() / student_temperature).log_softmax(-1)
    answer = ((teacher.float() - centre) / teacher_temperature).log_softmax(-1)
    return float((answer.exp() * (answer - told)).sum(-1).mean())
