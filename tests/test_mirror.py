"""Every file of the house has a test that bears its name, or that is named here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parent
SRC = TESTS.parent / "src" / "napari_medssl"

#: files that are tested through the one door that leads to them: how their paths begin -> the test
TOGETHER = {
    "_napari/": "_napari",  # panels through real windows, presenters under names of their own
    "cli/everything.py": "cli/test_cli_everything.py",
    "cli/finetune_volumes.py": "cli/test_finetune.py",
    "cli/job_recipes.py": "cli/test_jobs.py",
    "cli/jobs_work.py": "cli/test_jobs_engines.py",
    "cli/learn_examples.py": "cli/test_finetune.py",
    "cli/learn_job.py": "cli/test_finetune.py",
    "cli/learn_judging.py": "cli/test_project_learn.py",
    "cli/learn_round.py": "cli/test_project_learn.py",
    "cli/learned_weights.py": "cli/test_finetune.py",
    "cli/model_": "cli/test_models.py",
    "cli/nnunet": "cli/test_nnunet_command.py",
    "cli/pretrain_job.py": "cli/test_pretrain.py",
    "cli/project_words.py": "cli/test_project.py",
    "cli/queue_words.py": "cli/test_project_queue.py",
    "cli/version_words.py": "cli/test_project_models.py",
    "correct/toolbox.py": "correct/test_tools.py",
    "finetune/nnunet/": "cli/test_nnunet_command.py",
    "finetune/volumes/examples.py": "finetune/volumes/test_facts.py",
    "finetune/volumes/learning.py": "cli/test_finetune.py",
    "finetune/volumes/wanted.py": "cli/test_finetune.py",
    "finetune/volumes/plan.py": "finetune/volumes/test_planning.py",
    "io/dicom/export.py": "io/dicom/test_dicom_seg.py",
    "io/dicom/masks.py": "io/test_masks.py",
    "io/dicom/read.py": "io/dicom/test_dicom.py",
    "io/dicom/rtstruct_read.py": "io/dicom/test_dicom_rtstruct.py",
    "io/dicom/seg_read.py": "io/dicom/test_dicom_seg.py",
    "io/itk/": "io/test_itk.py",
    "io/movie/": "io/movie/test_movie_write.py",
    "io/nifti/": "io/test_nifti.py",
    "io/payload.py": "io/test_packed.py",
    "io/report/gallery.py": "io/report/test_report_write.py",
    "jobs/slurm_task.py": "jobs/test_slurm.py",
    "models/layouts/": "models/layouts/test_foreign_layouts.py",
    "models/load.py": "models/test_torch_engine.py",
    "models/networks/cards.py": "models/networks/test_networks.py",
    "models/networks/network.py": "models/networks/test_networks.py",
    "models/networks/smit.py": "models/networks/test_swin.py",
    "models/report.py": "finetune/test_finetune_sam.py",
    "models/swin_inference.py": "models/test_inference.py",
    "models/trained_weights.py": "models/test_trained.py",
    "project/model_files.py": "project/test_project_versions.py",
    "project/learn_task.py": "cli/test_project_learn.py",
    "project/project.py": "project/test_steps.py",
    "volume/planes.py": "cli/test_prompt.py",
}


def _own_tests(path: Path) -> list[Path]:
    """Tests of a file; where pytest knows the bare name already, the room's stands before it."""
    folder = TESTS / path.parent
    return [*folder.glob(f"test_{path.stem}.py"), *folder.glob(f"test_*_{path.stem}.py")]


def test_every_file_has_its_test() -> None:
    files = [path.relative_to(SRC) for path in SRC.rglob("*.py") if not path.stem.startswith("__")]
    lost = [
        path.as_posix()
        for path in files
        if not _own_tests(path) and not path.as_posix().startswith(tuple(TOGETHER))
    ]
    assert not lost, f"without a test of their name: {sorted(lost)}"


def test_what_is_named_is_there() -> None:
    assert all((TESTS / test).exists() for test in TOGETHER.values())
    for begins in TOGETHER:
        assert list(SRC.glob(f"{begins}*")), f"no file begins with {begins}"


def test_no_name_is_used_twice() -> None:
    """Pytest imports tests by their bare names."""
    names = Counter(path.name for path in TESTS.rglob("test_*.py"))
    assert not [name for name, count in names.items() if count > 1]
