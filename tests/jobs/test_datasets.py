"""Dataset versions from imported files to exported folders."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from lungcore.errors import LungcoreError
from lungcore.findings.dataset import Rules
from lungcore.formats import images, label_json, mark_tables
from lungcore.jobs import datasets
from lungcore.jobs.importing import import_phantom
from lungcore.jobs.label_writers import FORMATS
from lungcore.jobs.labelling import import_labels
from lungcore.learning.tasks import LUNGS
from lungcore.learning.weights import mark, read_card, write_card
from lungcore.records import accounts, adjudications, database, studies
from lungcore.records import datasets as dataset_records
from lungcore.records import models as registry
from lungcore.records.masks import MaskStore

WHOSE = {"outline": "staple", "ratings": "median"}
HEADING = "seriesuid,reader,nodule,coordX,coordY,coordZ,diameter_mm,malignancy,texture\n"


@pytest.fixture
def engine(settings):
    opened = database.connect(settings.database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def phantom_uid(settings, engine, tmp_path):
    """A phantom on which two readers agree on a nodule, and one marked another."""
    [series] = import_phantom(settings, slices=24).series
    uid = series.series_uid
    with database.snapshot(engine) as session:
        grid = studies.series(session, uid).grid
    middle, off = ((grid.affine @ (12, 256, column, 1))[:3] for column in (256, 200))
    for reader, places in {"ann": [middle, off], "bob": [middle]}.items():
        rows = [
            f"{uid},{reader},{n},{x:.2f},{y:.2f},{z:.2f},12,4,5\n"
            for n, (x, y, z) in enumerate(places)
        ]
        path = tmp_path / f"{reader}.csv"
        path.write_text(HEADING + "".join(rows))
        import_labels(path, settings)
    return uid


@pytest.fixture
def negative_uid(settings, tmp_path, series_uid):
    """A small series on which a reader found nothing."""
    path = tmp_path / "none.json"
    sets = [{"series_uid": series_uid, "reader": "ann", "marks": []}]
    path.write_text(json.dumps({"format": "lungcore.labels", "version": 1, "sets": sets}))
    import_labels(path, settings)
    return series_uid


def frozen(engine, settings, splits=None, **rules):
    given = {"phantoms": True} | rules | ({"shares": None} if splits else {})
    draft = datasets.draft(engine, settings, Rules(**given), splits)
    with database.transaction(engine) as session:
        return dataset_records.freeze(session, draft)[0]


@pytest.fixture
def dataset_id(engine, settings, phantom_uid, negative_uid):
    return frozen(engine, settings, {phantom_uid: "train", negative_uid: "test"})


def test_a_vote_is_what_every_format_holds(
    dataset_id, settings, tmp_path, phantom_uid, negative_uid
):
    for format_name in sorted(set(FORMATS) - {"training", "seg"}):
        out = tmp_path / f"out.{format_name}"
        written = datasets.export(settings, dataset_id, format_name, out)
        assert written
        assert all(path.exists() for path in written)
    [labels] = mark_tables.read(tmp_path / "out.marks", "x")
    assert (labels.reader, len(labels.marks)) == ("vote", 1)
    sets = {one.series_uid: one for one in label_json.read(tmp_path / "out.json")}
    assert len(sets[phantom_uid].marks) == 1
    assert sets[negative_uid].marks == ()
    for uid, nodules in {phantom_uid: 1, negative_uid: 0}.items():
        found = images.read(tmp_path / "out.nifti" / f"{uid}.nii.gz").hu
        assert found.max() == nodules
    with (tmp_path / "out-seriesuids.csv").open() as file:
        told = {row["seriesuid"]: row["split"] for row in csv.DictReader(file)}
    assert told == {phantom_uid: "train", negative_uid: "test"}


def test_each_reader_is_kept_where_the_rules_say_so(engine, settings, phantom_uid, tmp_path):
    dataset_id = frozen(engine, settings, consensus="each")
    out = tmp_path / "marks.csv"
    datasets.export(settings, dataset_id, "marks", out)
    counts = {labels.reader: len(labels.marks) for labels in mark_tables.read(out, "x")}
    assert counts == {"ann": 2, "bob": 1}


def test_what_was_adjudicated_is_what_every_format_holds(engine, settings, phantom_uid, tmp_path):
    """The one nodule that only ann marked; both readers' is said to be none."""
    with database.transaction(engine) as session:
        account = accounts.add_account(session, "judge", "a long passphrase", display_name="J")
        for seq, (kind, said) in enumerate(
            (
                ("begin", {}),
                ("rest", {"method": "vote", "reason": "as both"}),
                ("decide", {"group": 0, "nodule": True, "reason": "seen"} | WHOSE),
                ("decide", {"group": 1, "nodule": False, "reason": "a vessel"}),
                ("finish", {}),
            )
        ):
            adjudications.append(
                session,
                phantom_uid,
                kind=kind,
                payload=said,
                account_id=account.account_id,
                expected_seq=seq,
                masks=MaskStore(settings.storage),
            )
    dataset_id = frozen(engine, settings, consensus="adjudicated")
    for format_name in sorted(set(FORMATS) - {"seg"}):
        datasets.export(settings, dataset_id, format_name, tmp_path / f"out.{format_name}")
    [labels] = mark_tables.read(tmp_path / "out.marks", "x")
    assert (labels.reader, len(labels.marks)) == (f"adjudicated-account-{account.account_id}", 1)
    with database.snapshot(engine) as session:
        grid = studies.series(session, phantom_uid).grid
    off = (grid.affine @ (12, 256, 200, 1))[:3]
    assert labels.marks[0].center == pytest.approx(off, abs=0.01)
    with (tmp_path / "out.training" / "lesions.csv").open() as file:
        assert [row["lesion"] for row in csv.DictReader(file)] == ["1"]


def test_the_folder_to_train_on_holds_the_splits(dataset_id, settings, tmp_path, phantom_uid):
    out = tmp_path / "Task100_Nodules"
    datasets.export(settings, dataset_id, "training", out)
    content = json.loads((out / "dataset.json").read_text())
    [image], [test] = content["training"], content["test"]
    assert images.read(out / image["image"]).hu.shape[0] == 24
    assert np.unique(images.read(out / image["label"]).hu).tolist() == [0, 1]
    assert (out / test["image"]).is_file()
    with (out / "lesions.csv").open() as file:
        [row] = list(csv.DictReader(file))
    assert (row["lesion"], row["malignancy"], row["texture"]) == ("1", "4", "5")
    assert row["image"] == phantom_uid
    name = Path(image["label"]).name.removesuffix(".nii.gz")
    assert content["cases"][name] == phantom_uid


def test_a_segmentation_a_series_that_has_nodules(dataset_id, settings, tmp_path, phantom_uid):
    [path] = datasets.export(settings, dataset_id, "seg", tmp_path / "segs")
    assert path.name == f"{phantom_uid}.dcm"
    assert import_labels(path, settings).file.format == "seg"


def test_what_was_frozen_is_written_whatever_was_labelled_since(
    dataset_id, settings, tmp_path, phantom_uid, engine
):
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    datasets.export(settings, dataset_id, "json", before)
    lines = (tmp_path / "bob.csv").read_text().replace(",12,4", ",20,5")
    (tmp_path / "bob.csv").write_text(lines)
    import_labels(tmp_path / "bob.csv", settings)
    datasets.export(settings, dataset_id, "json", after)
    assert after.read_bytes() == before.read_bytes()


def test_shipped_models_are_ancestors_and_what_they_learnt_from_is_no_test(
    engine, settings, phantom_uid, tmp_path
):
    models = tmp_path / "models"
    shutil.copytree(settings.models, models, ignore=lambda *_: ["member0", "model.keras"])
    card = read_card(models / "detector")
    known = [*card.trained_series, mark(phantom_uid)]
    write_card(models / "detector", card.__class__(**vars_of(card) | {"trained_series": known}))
    with database.snapshot(engine) as session:
        learnt = [one for one in datasets.ancestors(session, models) if one.learnt(phantom_uid)]
        unaware = datasets.ancestors(session, settings.models)
        assert datasets.ancestors(session, tmp_path / "nowhere") == []
    assert [one.name for one in learnt] == [f"detector {card.name}"]
    assert not any(one.learnt(phantom_uid) for one in unaware)


def vars_of(card):
    return {name: getattr(card, name) for name in card.__slots__}


def test_a_model_on_record_is_an_ancestor_of_versions_frozen_before_it_too(
    engine, settings, phantom_uid, negative_uid, dataset_id
):
    def of(name, uid):
        return registry.NewModel(
            kind="detector",
            task="lungs",
            name=name,
            sha256=name,
            files={},
            card={"trained_series": [mark(uid)]},
            origin="trained",
        )

    with database.transaction(engine) as session:
        honest = registry.add(session, of("honest", phantom_uid))  # of the training split
        spoilt = registry.add(session, of("spoilt", negative_uid))  # of the test split
        datasets.check_unseen(session, dataset_id, honest)
        with pytest.raises(LungcoreError) as refused:
            datasets.check_unseen(session, dataset_id, honest, spoilt)
    assert refused.value.key == "datasets.leak_learnt"
    assert "spoilt" in str(refused.value)
    draft = datasets.draft(
        engine,
        settings,
        Rules(phantoms=True, shares=None),
        {phantom_uid: "train", negative_uid: "test"},
    )
    assert [leak.key for leak in draft.leaks] == ["datasets.leak_learnt"]


def test_what_is_learnt_from_is_laid_out_once_and_never_the_test(
    dataset_id, settings, tmp_path, phantom_uid, negative_uid
):
    out = tmp_path / "data"
    datasets.lay_out(settings, dataset_id, LUNGS, out)
    assert [path.name for path in (out / "images").iterdir()] == [f"{phantom_uid}.nii.gz"]
    assert not list((out / "raw_splitted_data" / "imagesTs").iterdir())
    again = (out / "lesions.csv").stat().st_mtime_ns
    datasets.lay_out(settings, dataset_id, LUNGS, out)
    assert (out / "lesions.csv").stat().st_mtime_ns == again
    (out / "lesions.csv").unlink()  # as if it had been killed in the middle
    (out / "masks" / "torn").write_bytes(b"")
    datasets.lay_out(settings, dataset_id, LUNGS, out)
    assert not (out / "masks" / "torn").exists()
    assert (out / "lesions.csv").is_file()


def test_a_file_of_splits_is_read_and_its_faults_are_told(tmp_path):
    path = tmp_path / "splits.csv"
    path.write_text("seriesuid,split\n1.2,train\n1.3,test\n1.2,train\n")
    assert datasets.read_splits(path) == {"1.2": "train", "1.3": "test"}
    for content, told in {
        "seriesuid\n1.2\n": "split",
        "seriesuid,split\n1.2,training\n": "line 2",
        "seriesuid,split\n1.2,train\n1.2,test\n": "line 3",
    }.items():
        path.write_text(content)
        with pytest.raises(LungcoreError, match=told):
            datasets.read_splits(path)
