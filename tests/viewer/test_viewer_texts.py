"""Every text that the viewer's scripts name is in the catalogue, and the other way round."""

import re
from pathlib import Path

import pytest

from lungcore.findings.checking import FIELDS
from lungcore.language import LANGUAGES, area
from lungcore.viewer import STATIC

SOURCES = {path.name: path.read_text(encoding="utf-8") for path in STATIC.glob("*.js")}
TEXTS = area("viewer", "en")
NAMED = re.compile(r"\bt\(\s*'([a-z_]+)'")
CHOSEN = re.compile(r"\bt\([^'`)]*\?\s*'([a-z_]+)'\s*:\s*'([a-z_]+)'")
BUILT = re.compile(r"\bt\(\s*(?:[^'`)]*\?\s*)?`([a-z_]+)\$\{[^}]*\}(?:_\$\{[^}]*\})?([a-z_]*)`")


def named() -> set[str]:
    every = "\n".join(SOURCES.values())
    return set(NAMED.findall(every)) | {name for pair in CHOSEN.findall(every) for name in pair}


def built() -> list[re.Pattern[str]]:
    """Families of names, such as `state_` and a state."""
    families = {pair for source in SOURCES.values() for pair in BUILT.findall(source)}
    return [re.compile(f"{start}[a-z0-9_]+{end}") for start, end in families]


def test_every_name_in_the_scripts_has_a_text() -> None:
    assert len(named()) > 30
    assert not named() - set(TEXTS)


def test_every_text_is_used() -> None:
    names = {name.removesuffix("_one") for name in TEXTS}
    families = built()
    unused = {n for n in names - named() if not any(f.fullmatch(n) for f in families)}
    assert not unused


@pytest.mark.parametrize(
    ("source", "constant", "prefix"),
    [
        ("keys.js", "KEY_CAPS", "action_"),
        ("window.js", "PRESETS", "window_"),
    ],
)
def test_every_member_of_a_family_has_a_text(source: str, constant: str, prefix: str) -> None:
    table = re.search(rf"{constant} = \{{(.*?)\n\}};", SOURCES[source], re.S)
    assert table is not None
    members = re.findall(r"^  (\w+):", table.group(1), re.M)
    assert members
    assert not [name for name in members if prefix + name not in TEXTS]


@pytest.mark.parametrize(
    ("prefix", "members"),
    [
        ("state_", ["machine", "accepted", "edited", "rejected", "added"]),
        ("word_", ["solid", "subsolid", "calcified", "spiculated", "lobulated"]),
        ("reason_", ["vessel", "scar", "lymph_node", "artefact", "other"]),
        ("problem_", ["offline", "signed_out", "changed", "elsewhere", "refused"]),
        ("made_", [*FIELDS]),
        ("there_", ["found", "added", "gone", "decided", "drawn", "labelled", "scan", "signed"]),
        ("detection_", ["none", "queued", "running", "done", "failed", "cancelled"]),
    ],
)
def test_every_state_has_a_word(prefix: str, members: list[str]) -> None:
    """The states that the contract with the server names."""
    assert not [name for name in members if prefix + name not in TEXTS]


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_what_the_browser_fills_in(language: str) -> None:
    """The browser knows `{name}` only: no formats, no doubled braces."""
    for name, template in area("viewer", language).items():
        assert not re.sub(r"\{\w+\}", "", template).strip(" ").count("{"), name


def test_modules_stay_small() -> None:
    assert not {name: s.count("\n") for name, s in SOURCES.items() if s.count("\n") > 250}


def test_modules_import_only_their_neighbours() -> None:
    for name, source in SOURCES.items():
        for imported in re.findall(r"from '([^']+)'", source):
            assert Path(imported).name in SOURCES and imported.startswith("./"), name
