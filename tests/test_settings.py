"""Settings: environment, then file, then default, each telling which."""

from pathlib import Path

import pytest

from lungcore import settings
from lungcore.errors import LungcoreError


def test_defaults_lie_in_the_home_folder(tmp_path: Path) -> None:
    found = settings.load({"LUNGCORE_HOME": str(tmp_path)})
    assert found.database_url == f"sqlite:///{tmp_path}/lungcore.db"
    assert found.storage == tmp_path / "storage"
    assert found.uploads == tmp_path / "uploads"
    assert found.sources["home"] == "environment"
    assert found.sources["language"] == "default"


def test_environment_goes_before_file_and_file_before_default(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('language = "zh"\nworker = "external"\n')
    found = settings.load({"LUNGCORE_HOME": str(tmp_path), "LUNGCORE_WORKER": "embedded"})
    assert (found.language, found.sources["language"]) == ("zh", "file")
    assert (found.worker, found.sources["worker"]) == ("embedded", "environment")


def test_a_named_file_is_read(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('language = "zh"\n')
    environ = {"LUNGCORE_HOME": str(tmp_path), "LUNGCORE_CONFIG": str(other)}
    assert settings.load(environ).language == "zh"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("language = ", "config.toml"),
        ('colour = "red"\n', "colour"),
        ('home = "/elsewhere"\n', "home"),
        ('language = "fr"\n', "fr"),
        ('storage_url = "s3://bucket"\n', "s3://bucket"),
    ],
)
def test_a_faulty_file_is_named(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "config.toml").write_text(content)
    with pytest.raises(LungcoreError, match=told):
        settings.load({"LUNGCORE_HOME": str(tmp_path)})


def test_a_named_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    environ = {"LUNGCORE_HOME": str(tmp_path), "LUNGCORE_CONFIG": str(tmp_path / "absent.toml")}
    with pytest.raises(LungcoreError, match=r"absent\.toml"):
        settings.load(environ)


def test_every_setting_is_documented() -> None:
    page = (Path(__file__).parents[1] / "docs" / "administrator.md").read_text(encoding="utf-8")
    assert [name for name in settings.NAMES if f"`LUNGCORE_{name.upper()}`" not in page] == []
