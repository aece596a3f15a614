"""The command line put together, and what it does with an error."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from napari_medssl import __version__
from napari_medssl.cli.convert import convert
from napari_medssl.cli.demo import demo
from napari_medssl.cli.doctor import doctor
from napari_medssl.cli.edit import edit
from napari_medssl.cli.evaluate import evaluate
from napari_medssl.cli.everything import everything
from napari_medssl.cli.finetune import finetune
from napari_medssl.cli.info import info
from napari_medssl.cli.jobs import jobs_app
from napari_medssl.cli.models import models_app
from napari_medssl.cli.movie import movie
from napari_medssl.cli.nnunet import nnunet_app
from napari_medssl.cli.pretrain import pretrain
from napari_medssl.cli.project import project_app
from napari_medssl.cli.project_apply import apply_project
from napari_medssl.cli.project_exchange import export_project, import_dataset
from napari_medssl.cli.project_learn import learn_project
from napari_medssl.cli.project_models import project_models
from napari_medssl.cli.project_queue import show_queue
from napari_medssl.cli.project_segment import segment_project, show_proposals
from napari_medssl.cli.prompt import prompt
from napari_medssl.cli.report import report
from napari_medssl.cli.segment import segment
from napari_medssl.errors import MedSSLError, UsageError
from napari_medssl.log import record_unforeseen
from napari_medssl.models.waiting import wait_asleep

_FAILED, _WRONG_USAGE = 1, 2


class SentenceGroup(TyperGroup):
    """Commands whose errors end as one sentence on stderr, never as a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command; exit code 0 done, 1 failed, 2 wrong usage."""
        wait_asleep()
        try:
            return super().main(*args, **kwargs)
        except MedSSLError as error:
            print(f"medssl: {error}", file=sys.stderr)
            sys.exit(_WRONG_USAGE if isinstance(error, UsageError) else _FAILED)
        except Exception as error:  # noqa: BLE001 - the last wall before the user
            kept = record_unforeseen(error)
            where = (
                f" Where it happened is noted in {kept.name} (see medssl doctor)." if kept else ""
            )
            print(f"medssl: something unforeseen went wrong.{where}", file=sys.stderr)
            sys.exit(_FAILED)


app = typer.Typer(
    cls=SentenceGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Research use only. Not a medical device.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"napari-medssl {__version__}")
        raise typer.Exit


@app.callback()
def medssl(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Outline organs and lesions in CT, MR and ultrasound from a point or a box."""


app.command()(info)
app.command()(convert)
app.command()(prompt)
app.command()(segment)
app.command()(everything)
app.command()(edit)
app.command()(evaluate)
app.command()(finetune)
app.command()(pretrain)
app.command()(report)
app.command()(movie)
project_app.command("export")(export_project)
project_app.command("import")(import_dataset)
project_app.command("segment")(segment_project)
project_app.command("proposals")(show_proposals)
project_app.command("learn")(learn_project)
project_app.command("models")(project_models)
project_app.command("apply")(apply_project)
project_app.command("queue")(show_queue)
app.add_typer(project_app, name="project")
app.add_typer(models_app, name="models")
app.add_typer(nnunet_app, name="nnunet")
app.add_typer(jobs_app, name="jobs")
app.command()(demo)
app.command()(doctor)
