"""Labelled phantom studies and a network small enough to train in a test."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lungcore.dicom.write import SeriesText, write_series
from lungcore.findings.dataset import Rules, Split
from lungcore.findings.labels import Grid, Mark
from lungcore.formats import images
from lungcore.formats.label_images import label_map
from lungcore.imaging.phantom import thorax
from lungcore.jobs import datasets, importing, labelling
from lungcore.learning import plans, tasks
from lungcore.learning.plans import Plan
from lungcore.learning.tasks import Preset
from lungcore.records import database
from lungcore.records import datasets as versions
from lungcore.settings import Settings

SPACING_MM = (5.0, 2.0, 2.0)
SLICES = 44
TOLD = {"version": "0.0.1", "trained_on": "phantoms", "split": "by phantom", "limits": "A toy."}
TINY = replace(
    tasks.LUNGS,
    spacing_mm=3.0,
    data="scans",
    folds=2,
    members=2,
    patches=((2, 32), (1, 48)),
    detector=Preset(widths=(4, 4, 8), steps=40, **TOLD),
    classifier=Preset(widths=(4, 8), steps=20, **TOLD),
)


def labelled_phantom(settings: Settings, seed: int, folder: Path) -> str:
    """Import a phantom as a patient of its own, and its nodules as labels; the series' uid."""
    phantom = thorax(seed=seed, slices=SLICES, spacing_mm=SPACING_MM)
    told = SeriesText(
        uid_seed=f"test phantom {seed}",
        patient_id=f"P{seed}",
        patient_name=f"PHANTOM^{seed}",
        study_description="PHANTOM",
        series_description="PHANTOM",
        study_date="20260101",
        study_time="120000",
        phantom=True,
    )
    here = folder / f"phantom{seed}"
    here.mkdir(parents=True)
    report = importing.import_paths(write_series(phantom.volume, here, told), settings)
    [series] = report.series
    marks = [
        Mark(
            name=str(number),
            kind="nodule",
            center_mm=one.center_mm,
            diameter_mm=one.diameter_mm,
            attributes={},
            mask=None,
        )
        for number, one in enumerate(phantom.nodules)
    ]
    grid = Grid(phantom.volume.shape, phantom.volume.affine)
    path = folder / f"{series.series_uid}-truth.nii.gz"
    images.write(label_map(marks, grid).astype(np.uint8), grid.affine, path)
    labelling.import_labels(path, settings)
    return series.series_uid


SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def frozen(settings: Settings, folder: Path) -> tuple[str, str]:
    """A dataset version of three labelled phantoms, one a split: its id, and the test series."""
    uids = [labelled_phantom(settings, seed, folder) for seed in range(len(SPLITS))]
    engine = database.connect(settings.database_url)
    rules = Rules(phantoms=True, shares=None)
    draft = datasets.draft(engine, settings, rules, dict(zip(uids, SPLITS, strict=True)))
    with database.transaction(engine) as session:
        dataset_id, _ = versions.freeze(session, draft, name="phantoms")
    engine.dispose()
    return dataset_id, uids[-1]


def tiny_plan(dataset_id: str, steps: int = 40, **recipe: object) -> dict[str, object]:
    """A training of the tiny detector, as a page sends it."""
    chosen = replace(
        plans.defaults(plans.DETECTOR, TINY),
        **{"epoch_steps": 10, "save_every_s": 0.0, "patience": 1000, **recipe},  # type: ignore[arg-type]
    )
    plan = Plan(
        preset=plans.DETECTOR,
        task=TINY,
        recipe=chosen.taking(steps),
        dataset=dataset_id,
    )
    return plans.as_json(plan)
