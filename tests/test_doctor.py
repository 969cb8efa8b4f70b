"""The doctor finds what is wrong and says what to do about it."""

import dataclasses
from datetime import UTC, datetime, timedelta
from importlib import metadata

import pytest

from lungcore import doctor
from lungcore.language import text
from lungcore.records import database, executors
from lungcore.settings import load


@pytest.fixture
def settings(tmp_path):
    made = load({"LUNGCORE_HOME": str(tmp_path / "home")})
    database.migrate(made.database_url)
    return made


def check(settings, name):
    """The one check of that name."""
    shown = text(f"doctor.look_{name}", settings.language)
    [found] = [check for check in doctor.examine(settings) if check.name == shown]
    return found


def beat(settings, age):
    with database.transaction(database.connect(settings.database_url)) as session:
        executors.beat(session, "one", datetime.now(UTC) - age)


@pytest.mark.parametrize("name", ["python", "packages", "storage", "database", "jobs"])
def test_a_sound_installation_has_no_fault(settings, name):
    found = check(settings, name)
    assert (found.ok, found.advice) == (True, "")


def test_every_fault_comes_with_advice(settings):
    faults = [found for found in doctor.examine(settings) if not found.ok]
    assert faults
    assert all(found.advice for found in faults)


def test_a_worker_is_missed_when_it_was_never_seen_or_long_ago(settings):
    assert not check(settings, "worker").ok
    beat(settings, timedelta(minutes=2))
    assert not check(settings, "worker").ok
    beat(settings, timedelta(seconds=15))
    assert check(settings, "worker").ok


def test_an_empty_database_needs_its_schema(settings, tmp_path):
    fresh = dataclasses.replace(settings, database_url=f"sqlite:///{tmp_path / 'new.db'}")
    assert not check(fresh, "database").ok


def test_a_database_that_cannot_be_reached_is_a_fault_and_no_crash(settings):
    away = dataclasses.replace(settings, database_url="sqlite:////proc/nowhere/a.db")
    assert not check(away, "database").ok
    assert not check(away, "worker").ok


def test_a_fresh_home_is_told_in_words(settings, tmp_path):
    fresh = dataclasses.replace(settings, database_url=f"sqlite:///{tmp_path / 'fresh.db'}")
    told = " ".join(check.text for check in doctor.examine(fresh))
    assert "SELECT" not in told
    assert "http" not in told


def test_storage_that_cannot_be_written_is_a_fault(settings, tmp_path):
    (tmp_path / "file").touch()
    blocked = dataclasses.replace(settings, storage_url=f"file://{tmp_path / 'file'}")
    assert not check(blocked, "storage").ok


def test_a_full_disk_is_a_fault(settings, monkeypatch):
    usage = type("Usage", (), {"free": 4_900_000_000})
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage)
    assert not check(settings, "disk").ok
    usage.free = 5_100_000_000
    assert check(settings, "disk").ok


def test_a_package_of_another_version_is_named(settings, monkeypatch):
    real = metadata.version
    monkeypatch.setattr(
        doctor.metadata, "version", lambda name: "0.1" if name == "pydicom" else real(name)
    )
    found = check(settings, "packages")
    assert not found.ok
    assert "pydicom 0.1" in found.text
    assert "zarr" not in found.text


def test_missing_weights_are_a_fault(settings, tmp_path):
    bare = dataclasses.replace(settings, models=tmp_path)
    found = check(bare, "weights")
    assert not found.ok
    assert str(tmp_path) in found.text


def test_settings_are_shown_with_their_source_and_without_passwords(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text('language = "zh"\n')
    url = "postgresql+psycopg://reader:geheim@db.example/lungs"
    settings = load({"LUNGCORE_HOME": str(home), "LUNGCORE_DATABASE_URL": url})
    rows = {row["name"]: row for row in doctor.setting_rows(settings)}
    assert rows["language"] == {"name": "language", "value": "zh", "source": "file"}
    assert rows["home"]["source"] == "environment"
    assert rows["jobs_url"]["source"] == "default"
    assert rows["database_url"]["value"] == "postgresql+psycopg://reader:***@db.example/lungs"


def test_the_doctor_speaks_the_language_of_the_settings(settings):
    chinese = dataclasses.replace(settings, language="zh")
    assert "磁盘" in "".join(found.name for found in doctor.examine(chinese))
