"""What a page needs to ask for a training: choices, defaults, and the plan that comes of them."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from lungcore.errors import LungcoreError
from lungcore.jobs import models
from lungcore.learning import plans, tasks
from lungcore.learning.plans import AUGMENTATIONS, LOSSES, OPTIMIZERS, PRESETS, Plan
from lungcore.records.models import ModelRecord
from lungcore.settings import Settings

__all__ = ["AUGMENTATIONS", "LOSSES", "OPTIMIZERS", "PRESETS", "defaults", "known_tasks", "plan"]


def known_tasks(settings: Settings, registered: list[ModelRecord]) -> dict[str, tasks.Task]:
    """The tasks that can be trained for: the lungs, and those of registered models."""
    found = {tasks.LUNGS.name: tasks.LUNGS}
    for model in registered:
        if model.task not in found:
            try:
                found[model.task] = tasks.read(models.folder_of(settings, model) / tasks.FILE)
            except LungcoreError:
                continue  # its page says that its files are damaged
    return found


def defaults(preset: str, task: tasks.Task) -> dict[str, Any]:
    """The recipe of a preset, by the names of its fields."""
    return asdict(plans.defaults(preset, task))


def plan(preset: str, task: tasks.Task, chosen: Mapping[str, Any], **source: str) -> dict[str, Any]:
    """A plan as JSON. chosen: fields of the recipe that are not the defaults. source: fields of
    `Plan` that say what is learnt from and begun with.

    Raises LungcoreError naming what cannot be.
    """
    recipe = replace(plans.defaults(preset, task), **chosen)
    return plans.as_json(Plan(preset=preset, task=task, recipe=recipe, **source))
