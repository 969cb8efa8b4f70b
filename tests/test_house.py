"""The house rules of docs/architecture.md: who may import whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ANYWHERE = {"__version__", "errors", "language", "settings"}
PURE = {"imaging", "findings"}  # these know nothing of ours but errors
ALLOWED = {
    "imaging": set(),
    "findings": set(),
    "cli": {"jobs", "learning", "records", "formats", "imaging", "findings", "doctor"},
    "doctor": {"learning", "records"},
    "dicom": {"imaging", "findings"},
    "formats": {"imaging", "findings"},
    "learning": {"imaging", "findings"},
    "records": {"imaging", "findings"},
    "viewer": set(),
    "jobs": {"learning", "dicom", "records", "formats", "imaging", "findings"},
    "web": {"jobs", "records", "viewer", "findings"},
    "pages": {"jobs", "records", "viewer", "findings", "web", "doctor"},
}
# Names of outside packages, and the only places that may import them.
CONFINED = {
    "streamlit": ("app.py", "pages/", "lungcore/viewer/"),
    "plotly": ("app.py", "pages/", "lungcore/viewer/"),
    "tensorflow": ("lungcore/learning/",),
    "keras": ("lungcore/learning/",),
    "openvino": ("lungcore/learning/",),
    "pydicom": ("lungcore/dicom/",),
    "highdicom": ("lungcore/dicom/",),
    "sqlite3": ("lungcore/records/",),
    "psycopg": ("lungcore/records/",),
    "sqlalchemy": ("lungcore/records/",),
    "alembic": ("lungcore/records/",),
    "dbos": ("lungcore/jobs/",),
}
# What is handed from part to part without being used there.
HANDLES = {"sqlalchemy.Engine", "sqlalchemy.orm.Session"}
SOURCES = [
    path for folder in ("lungcore", "pages") for path in sorted((ROOT / folder).rglob("*.py"))
] + [ROOT / "app.py"]


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports at run time."""
    for node in runtime_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those under `if TYPE_CHECKING:`."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from runtime_nodes(child)


def part_of(name: str) -> str | None:
    """The part of the house that a dotted name of ours belongs to."""
    names = name.split(".")
    if names[0] == "pages":
        return "pages"
    return names[1] if names[0] == "lungcore" and len(names) > 1 else None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    relative = path.relative_to(ROOT)
    own = part_of(".".join(relative.with_suffix("").parts)) if len(relative.parts) > 1 else None
    for name in imports(path):
        part = part_of(name)
        if own in ALLOWED and part is not None:
            anywhere = {"errors"} if own in PURE else ANYWHERE
            assert part in ALLOWED[own] | anywhere | {own}, f"{relative} imports {name}"
        for package, places in CONFINED.items():
            if name.split(".")[0] == package and name not in HANDLES:
                assert str(relative).startswith(places), f"{relative} imports {package}"


def test_the_web_starts_without_the_networks() -> None:
    heavy = ("tensorflow", "keras", "openvino", "torch", "pydicom")
    code = (
        "import sys, lungcore.web.routes, lungcore.jobs.client, lungcore.jobs.embedded;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_modules_hold_no_state() -> None:
    """Module level names are constants, types or caches, never a container that is filled."""
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            is_empty = isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(
                node.value, ast.Dict | ast.List | ast.Set
            )
            if is_empty:
                filled = getattr(node.value, "elts", None) or getattr(node.value, "keys", None)
                assert filled, f"{path.relative_to(ROOT)}:{node.lineno} holds state"


def test_no_path_of_a_machine_and_no_registry_in_the_repository() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    suspects = ("/ho" + "me/", "/ro" + "ot/", "/wo" + "rk/", "pypi" + ".org", "npmjs" + ".org")
    for name in listed:
        path = ROOT / name
        if path.suffix in {".py", ".js", ".mjs", ".md", ".toml", ".txt", ".json", ".yml", ".html"}:
            found = [word for word in suspects if word in path.read_text(encoding="utf-8")]
            assert not found, f"{name} names {found}"
