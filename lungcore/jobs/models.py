"""Models between their files and their records: the house's own, those in use, those brought in."""

import json
import logging
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from lungcore.errors import LungcoreError
from lungcore.jobs.leftovers import kept_from_cleaning
from lungcore.learning import archives, tasks, weights
from lungcore.learning.weights import Card
from lungcore.records import database, models
from lungcore.records.model_files import ModelStore
from lungcore.records.models import ModelRecord, NewModel, Origin
from lungcore.settings import Settings

NAMES = (*weights.FILES, tasks.FILE, "card.json")

log = logging.getLogger(__name__)


def register(
    settings: Settings, folder: Path, origin: Origin, account_id: int | None = None
) -> str:
    """Keep the weights in `folder` and put them on record as a candidate; returns the name.

    Doing it again does no harm. Raises LungcoreError when the files are not what the card says.
    """
    card, task = weights.read_card(folder), tasks.read(folder / tasks.FILE)
    present = tuple(name for name in weights.FILES if name in card.sha256)
    weights.verify(folder, card, present)
    layers = []
    if "model.keras" in present:
        archives.check_keras(folder / "model.keras")
        layers = archives.layers(folder / "model.keras")
    engine = database.connect(settings.database_url)
    try:
        with kept_from_cleaning(settings.storage):
            sha256, files = ModelStore(settings.storage).add(folder, NAMES)
            new = NewModel(
                kind=card.task,
                task=task.name,
                name=card.name,
                sha256=sha256,
                files=files,
                card=as_json(card),
                origin=origin,
                layers=layers,
            )
            with database.transaction(engine) as session:
                return models.add(session, new, account_id).name
    finally:
        engine.dispose()


def as_json(card: Card) -> dict[str, Any]:
    """The card as the record holds it."""
    text = json.dumps({name: getattr(card, name) for name in Card.__dataclass_fields__})
    content: dict[str, Any] = json.loads(text)
    return content


def adopt_house(settings: Settings) -> None:
    """Register the weights that ship, and put them in use where nobody has chosen others."""
    engine = database.connect(settings.database_url)
    try:
        for folder in weights.folders(settings.models).values():
            try:
                name = register(settings, folder, "house")
            except LungcoreError as error:
                log.error("%s was not registered: %s", folder, error)
                continue
            with database.transaction(engine) as session:
                models.adopt(session, name)
    finally:
        engine.dispose()


def in_use(settings: Settings, engine: Engine) -> dict[str, Path]:
    """The checked folders of the models in use, by kind.

    Raises LungcoreError when a kind has none or a file is not the one registered.
    """
    with database.snapshot(engine) as session:
        found = models.in_use(session)
    absent = [kind for kind in weights.MODELS if kind not in found]
    if absent:
        raise LungcoreError("models.none_in_use", kind=absent[0], path=settings.models)
    return {kind: folder_of(settings, found[kind]) for kind in weights.MODELS}


def folder_of(settings: Settings, model: ModelRecord) -> Path:
    """The checked folder of a model."""
    return ModelStore(settings.storage).folder(model.sha256, model.files)


def named(settings: Settings, name: str) -> ModelRecord:
    """The model of that name."""
    engine = database.connect(settings.database_url)
    try:
        with database.snapshot(engine) as session:
            return models.find(session, name)
    finally:
        engine.dispose()


def parent(settings: Settings, name: str) -> Path:
    """The checked folder of a model that a training begins with.

    Raises LungcoreError when it holds nothing to train on.
    """
    model = named(settings, name)
    if "model.keras" not in model.files:
        raise LungcoreError("models.not_trainable", name=name)
    return folder_of(settings, model)


def beside(settings: Settings, engine: Engine, model: ModelRecord) -> dict[str, Path]:
    """The folders of the models in use, with `model` in place of its kind."""
    return in_use(settings, engine) | {model.kind: folder_of(settings, model)}
