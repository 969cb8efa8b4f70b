"""A model tried on the phantom, before it may be promoted: it must run and say sane things."""

import math
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy import Engine

from lungcore.errors import LungcoreError
from lungcore.imaging.phantom import Phantom, thorax
from lungcore.imaging.volume import Volume
from lungcore.jobs import models
from lungcore.learning import froc
from lungcore.learning.detect import Detection, detect
from lungcore.learning.weights import MODELS
from lungcore.records import database
from lungcore.records import models as registry
from lungcore.settings import Settings

SEED, SLICES, SPACING_MM = 0, 60, (4.0, 1.40625, 1.40625)
MOST_SECONDS = 600.0


def probe(settings: Settings, engine: Engine, name: str, account_id: int | None) -> bool:
    """Try a model beside those in use on the phantom, and put on record what came of it."""
    with database.snapshot(engine) as session:
        model = registry.find(session, name)
    result = _tried(settings, engine, model)
    with database.transaction(engine) as session:
        registry.note_probe(session, name, result, account_id)
    return bool(result["ok"])


def _tried(settings: Settings, engine: Engine, model: registry.ModelRecord) -> Mapping[str, Any]:
    if model.kind not in MODELS:
        return {"ok": True, "seconds": 0.0, "nodules": 0, "found": 0, "candidates": 0}
    began = time.perf_counter()
    try:
        folders = models.beside(settings, engine, model)
        phantom = _phantom()
        said = detect(phantom.volume, folders)
    except LungcoreError as error:
        values = {key: str(value) for key, value in error.values.items()}
        return {"ok": False, "key": error.key, "values": values}
    except (RuntimeError, ValueError, KeyError, IndexError) as error:
        values = {"problem": str(error).strip()[:300] or type(error).__name__}
        return {"ok": False, "key": "models.probe_broke", "values": values}
    seconds = time.perf_counter() - began
    if not _is_sane(said, phantom.volume) or seconds > MOST_SECONDS:
        return {"ok": False, "key": "models.probe_odd", "values": {"seconds": f"{seconds:.0f}"}}
    truths = [froc.Sphere(one.center_mm, one.diameter_mm) for one in phantom.nodules]
    hits = froc.judge(said.candidates, truths).hits
    return {
        "ok": True,
        "seconds": round(seconds, 1),
        "nodules": len(truths),
        "found": sum(hit > -math.inf for hit in hits),
        "candidates": len(said.candidates),
    }


def _is_sane(said: Detection, volume: Volume) -> bool:
    """Whether all numbers are numbers, in their ranges, and all places in the volume."""
    for one in said.candidates:
        numbers = [*one.center_mm, one.diameter_mm, one.probability, one.malignancy or 0.0]
        index = volume.to_index(one.center_mm)
        inside = ((index > -5) & (index < np.array(volume.shape) + 5)).all()
        shares = (one.probability, one.malignancy or 0.0)
        if not np.isfinite(numbers).all() or not inside or not 0 < one.diameter_mm < 300:
            return False
        if not all(0 <= share <= 1 for share in shares):
            return False
    return True


@cache
def _phantom() -> Phantom:
    return thorax(seed=SEED, slices=SLICES, spacing_mm=SPACING_MM)
