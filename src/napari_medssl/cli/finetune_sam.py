"""Teaching a prompted network from folders: ``medssl finetune --net litemedsam``."""

from __future__ import annotations

import json as json_text
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from napari_medssl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from napari_medssl.finetune import Picture, SamPlan, Tuned


@dataclass(frozen=True)
class SamWishes:
    """What a person says of how a prompted network shall learn; see `SamPlan`.

    Parameters
    ----------
    points : float or None
        Part of the prompts that is a point; None leaves it to the network.
    smallest, smallest_voxels : int
        Smaller objects are left out.
    patient : str or None
        A regular expression that finds the patient in a file's name.
    """

    mode: str
    steps: int
    batch: int
    rate: float | None
    seed: int
    rank: int
    jitter: float
    points: float | None
    clicks: int
    smallest: int
    smallest_voxels: int
    patient: str | None

    def plan(self, network: str) -> SamPlan:
        """Return the plan for a network; one that knows points keeps to know them."""
        from napari_medssl.finetune import SamPlan
        from napari_medssl.models import model_card

        points = 0.5 if model_card(network).takes_points else 0.0
        points = 1.0 if self.mode == "points" else points
        return SamPlan(
            mode=self.mode,  # type: ignore[arg-type]  # the plan refuses what it does not know
            steps=self.steps,
            batch=self.batch,
            seed=self.seed,
            rate=self.rate,
            rank=self.rank,
            jitter=self.jitter,
            points=points if self.points is None else self.points,
            clicks=self.clicks,
            smallest_px=self.smallest,
            smallest_voxels=self.smallest_voxels,
        )


def finetune_prompted(
    net: str,
    weights: Path | None,
    device: str,
    cases: tuple[Path, Path],
    held_out_cases: tuple[Path, Path] | None,
    part: float,
    wishes: SamWishes,
    out: Path,
    *,
    as_json: bool,
) -> None:
    """Teach a prompted network the objects of a folder, and say what it gained.

    Every label value is an object of its own; scans are learned slice by slice. Patients are held
    out whole, as far as names tell them apart.
    """
    from napari_medssl.models.load import load_engine

    plan = wishes.plan(net)
    told = Told(quiet=as_json)
    found = _files(*cases, told)
    held = _files(*held_out_cases, told) if held_out_cases else {}
    if not held and part:
        found, held = _split(found, part, wishes.seed, wishes.patient)
    with told:
        training, held_out = _read(found, plan, told), _read(held, plan, told)
        _require_enough(training, held_out, found, held)
        engine = load_engine(net, device=device, weights=weights)
        make_folder(out)
        result = learn_prompted(engine, training, held_out, plan, out, told)
    say_tuned(result, plan, out, told.warnings, as_json=as_json)


def _files(images: Path, labels: Path, told: Told) -> dict[str, tuple[Path, Path]]:
    """Match images and masks, and tell of those that have no partner."""
    from napari_medssl.cli.case_files import match_files

    found = match_files(images, labels)
    for alone, place in ((found.only_first, images), (found.only_second, labels)):
        if alone:
            told.warning(f"{len(alone)} files of '{place.absolute().name}' have no partner")
    return found.pairs


def _split(
    found: Mapping[str, tuple[Path, Path]], part: float, seed: int, pattern: str | None
) -> tuple[dict[str, tuple[Path, Path]], dict[str, tuple[Path, Path]]]:
    """Hold out whole patients."""
    from napari_medssl.finetune import hold_out, patient_of

    patients = {name: patient_of(name, pattern) for name in found}
    judging = hold_out(patients.values(), part, seed)
    return (
        {name: pair for name, pair in found.items() if patients[name] not in judging},
        {name: pair for name, pair in found.items() if patients[name] in judging},
    )


def _read(files: Mapping[str, tuple[Path, Path]], plan: SamPlan, told: Told) -> list[Picture]:
    from napari_medssl.finetune import pictures_of
    from napari_medssl.io import read_mask, read_volume

    pictures: list[Picture] = []
    for done, (name, (image, mask)) in enumerate(files.items(), start=1):
        volume = read_volume(image)
        pictures += pictures_of(
            name,
            volume,
            read_mask(mask, volume).array,
            smallest_px=plan.smallest_px,
            smallest_voxels=plan.smallest_voxels,
        )
        told.progress(done, len(files), "Reading images")
    return pictures


def _require_enough(
    training: Sequence[Picture],
    held_out: Sequence[Picture],
    found: Mapping[str, Any],
    held: Mapping[str, Any],
) -> None:
    for pictures, files, purpose in ((training, found, "learn from"), (held_out, held, "judge by")):
        if files and not pictures:
            raise UsageError(
                f"no object to {purpose} in the masks of {len(files)} "
                f"{'image' if len(files) == 1 else 'images'}",
                expected="masks that are not empty",
                do="Check the masks; smaller objects are taken with --smallest and "
                "--smallest-voxels",
            )
    if both := sorted(found.keys() & held.keys()):
        raise UsageError(f"'{both[0]}' to learn from and to judge by", expected="one of both")


def learn_prompted(
    engine: Any,
    training: Sequence[Picture],
    held_out: Sequence[Picture],
    plan: SamPlan,
    out: Path,
    told: Told,
    about: Mapping[str, Any] | None = None,
) -> Tuned:
    """Teach an engine in this process; Ctrl-C keeps the best so far. See `finetune_sam`."""
    from napari_medssl.cli.stopping import stop_on_interrupt
    from napari_medssl.finetune import finetune_sam
    from napari_medssl.io import atomic_write

    words = "Stopping, and keeping the best so far. Ctrl-C again ends at once."
    with stop_on_interrupt(words) as stop:
        return finetune_sam(
            engine,
            training,
            held_out,
            plan,
            out,
            write=atomic_write,
            report=told,
            stop=stop,
            about=about,
        )


def make_folder(out: Path) -> None:
    """Make the folder of a run, or say that it cannot be made."""
    from napari_medssl.errors import SaveError

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(
            f"the folder '{out.name}' cannot be made", do="Choose another folder for --out"
        ) from error


class Told:
    """What a run tells, as a progress bar on the error stream."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        screen = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.total:.0f}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[numbers]}"),
        )
        hidden = quiet or not screen.is_terminal
        self._bar = Progress(*columns, console=screen, transient=True, disable=hidden)
        self._task: Any = None
        self._doing = ""
        self._numbers: dict[str, str] = {}
        self.warnings: list[str] = []

    def progress(
        self, done: float, total: float, doing: str = "", seconds_left: float | None = None
    ) -> None:
        """Show how far it is; another thing to do gets a bar of its own."""
        if doing != self._doing:
            self._doing = doing
            self._task = self._bar.add_task(doing, total=total, numbers="")
        numbers = "  ".join(f"{name} {value}" for name, value in self._numbers.items())
        self._bar.update(self._task, completed=done, total=total, numbers=numbers)

    def metric(self, step: int, **values: Any) -> None:
        """Show the latest loss and Dice beside the bar."""
        self._numbers |= {name: f"{value:.3f}" for name, value in values.items()}

    def warning(self, text: str) -> None:
        """Keep a sentence for the end."""
        self.warnings.append(text)

    def __enter__(self) -> Told:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def say_tuned(
    result: Tuned, plan: SamPlan, out: Path, warnings: Sequence[str], *, as_json: bool
) -> None:
    """Tell what a run left and how to use it."""
    card = result.card
    if as_json:
        facts = {
            "out": str(out),
            "weights": str(result.weights) if result.weights else None,
            "went_on_from": result.began_at,
            "steps": result.step,
            "finished": result.finished,
            "warnings": list(warnings),
            "card": asdict(card) if card else None,
        }
        print(json_text.dumps(facts))
        return
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    lines = []
    if result.began_at == plan.steps:
        lines.append(f"This run is finished already: {plan.steps} steps.")
    elif result.began_at:
        lines.append(f"Went on from step {result.began_at}.")
    if not result.finished:
        lines.append(f"Stopped after step {result.step} of {plan.steps}; run it again to go on.")
    if card is None or result.weights is None:
        lines.append("Nothing was checked yet, so there is no network to use.")
    else:
        figures = card.figures
        if figures["dice_after"] is None:
            lines.append("No images were held out, so nothing was measured.")
        else:
            objects = "1 object" if figures["objects"] == 1 else f"{figures['objects']:,} objects"
            lines.append(
                f"Mean Dice on {objects} held out: "
                f"{figures['dice_before']:.3f} before, {figures['dice_after']:.3f} after "
                f"(step {figures['best_step']}); prompt: {figures['prompt']}."
            )
        file = f"{out.absolute().name}/{result.weights.name}"
        lines.append(f"Use it: medssl prompt IMAGE --model {card.model} --weights {file} ...")
    for line in [*lines, *(f"Note: {text}" for text in warnings)]:
        console.print(line, markup=False)
    console.print("Research use only. Not a medical device.", style="dim")
