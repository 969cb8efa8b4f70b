"""A detection is stored whole or not at all, its layers with it."""

from types import SimpleNamespace

import numpy as np
import pytest
from numcodecs import zstd

from lungcore.findings.finding import Candidate
from lungcore.imaging.layers import Layer
from lungcore.jobs import models
from lungcore.jobs.detecting import detect_series
from lungcore.jobs.leftovers import clean_leftovers
from lungcore.records import accounts, database, detections, layers, readings
from lungcore.records.layers import LayerStore

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def find(volume, models, *, engine, progress, stop):
    return SimpleNamespace(
        candidates=(Candidate((1.0, 2.0, 3.0), 8.0, 0.9, 0.5),),
        layers=(Layer("attribution", VALUES, (1, 2, 3), candidate=0, top=0.5),),
        models={"fake": "1"},
        seconds={"all": 1.0},
    )


@pytest.fixture
def run(settings, series_uid):
    models.adopt_house(settings)
    with database.transaction(database.connect(settings.database_url)) as session:
        detections.start(session, series_uid, "job-1", None)

    def once():
        detect_series(
            settings,
            series_uid,
            "job-1",
            detect=find,
            progress=lambda step, share: None,
            stop=lambda: False,
        )

    return once


@pytest.fixture
def shown(settings, series_uid):
    """Reads the layers of what a reader is shown."""
    engine = database.connect(settings.database_url)
    with database.transaction(engine) as session:
        account = accounts.add_account(session, "reader", "a long passphrase")

    def read():
        with database.transaction(engine) as session:
            reading = readings.open_reading(session, series_uid, account.account_id)
            return layers.of_detection(session, reading.detection_id)

    yield read
    engine.dispose()


def files(settings):
    return [path.name for path in (settings.storage / "layers").rglob("*") if path.is_file()]


def test_layers_are_stored_with_the_detection_and_once(settings, series_uid, run, shown):
    run()
    first = shown()
    run()
    [layer] = shown()
    assert [layer] == first
    assert (layer.kind, layer.origin, layer.shape, layer.top) == (
        "attribution",
        (1, 2, 3),
        (2, 3, 4),
        0.5,
    )
    clean_leftovers(settings)
    assert zstd.decompress(LayerStore(settings.storage).coded(layer.sha256)) == VALUES.tobytes()
    assert files(settings) == [layer.sha256]


@pytest.mark.parametrize("step", ["finish", "commit"])
def test_a_crash_leaves_nothing_that_is_not_cleaned(settings, run, shown, monkeypatch, step):
    class Crash(BaseException):
        """As a kill would end the process: nothing of ours handles it."""

    def crash(*_arguments):
        raise Crash

    target = detections if step == "finish" else database.Session
    monkeypatch.setattr(target, step, crash)
    with pytest.raises(Crash):
        run()
    monkeypatch.undo()
    assert len(files(settings)) == 1
    assert shown() == []
    clean_leftovers(settings)
    assert files(settings) == []
    run()
    assert len(shown()) == 1


def test_what_is_being_stored_is_not_cleaned(settings, run, shown, monkeypatch):
    finish = detections.finish

    def clean_then_finish(*arguments):
        clean_leftovers(settings)
        finish(*arguments)

    monkeypatch.setattr(detections, "finish", clean_then_finish)
    run()
    assert files(settings) == [layer.sha256 for layer in shown()]
