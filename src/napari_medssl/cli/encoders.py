"""What finished jobs learned without masks, handed on to those that learn from masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_medssl.jobs import Job


def offer_finished(jobs: Iterable[Job]) -> list[str]:
    """Offer the encoders that were not offered yet; say which, and how to decline.

    Parameters
    ----------
    jobs : iterable of Job
        Of any kind and state. One whose encoder cannot be read is passed over, and said.
    """
    from napari_medssl.errors import MedSSLError
    from napari_medssl.io import atomic_write
    from napari_medssl.pretrain.offered import is_new, offer_encoder
    from napari_medssl.pretrain.request import KIND

    lines = []
    for job in jobs:
        if job.spec.kind != KIND:
            continue
        try:
            if is_new(job.artifacts) and job.status().state == "done":
                card = offer_encoder(job.artifacts, atomic_write)
                lines.append(
                    f"'{card.title}' is offered as '{card.name}': 'medssl project learn' begins "
                    f"with it where it fits, unless --init says otherwise."
                )
        except MedSSLError as error:
            lines.append(f"The encoder of {job.spec.id} is not offered: {error}")
    return lines
