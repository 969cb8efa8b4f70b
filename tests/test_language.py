"""Every string a person sees is in the catalogue, in every language."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from lungcore.errors import LungcoreError
from lungcore.language import LANGUAGES, area, catalogue, text

ROOT = Path(__file__).resolve().parents[1]
PYTHON = [*(ROOT / "lungcore").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
SCRIPTS = [
    *(ROOT / "lungcore/viewer/static").rglob("*.js"),
]
TEMPLATES = list((ROOT / "lungcore/web/templates").glob("*.html"))
AREAS = {key.split(".")[0] for key in catalogue()}
KEY = re.compile(rf"^(?:{'|'.join(sorted(AREAS))})\.[a-z0-9_]+$")
# Calls that show their first argument to a person.
SHOWN = {
    *("title", "header", "subheader", "write", "markdown", "caption", "info", "success", "warning"),
    *("error", "button", "text_input", "text_area", "selectbox", "radio", "checkbox", "toggle"),
    *("slider", "form_submit_button", "download_button", "metric", "expander", "spinner", "toast"),
    *("pills", "segmented_control", "number_input", "link_button", "html", "text", "page_link"),
    *("dataframe", "table", "badge", "tabs", "popover", "Page"),
}
# What Streamlit shows besides a first argument.
SHOWN_NAMES = ("label", "help", "placeholder", "title")
WORD = re.compile(r"[A-Za-z]{3}")
# Calls of our scripts that show their arguments, and the attributes that are shown.
SCRIPT_CALLS = re.compile(r"\b(?:element|button|write|say|append|replaceChildren)\(")
SCRIPT_NAMES = r"textContent|innerText|title|placeholder|ariaLabel|'aria-label'"


def words_of(node: ast.AST) -> str:
    """The words that an expression spells out itself: literals, and those of f-strings and keys."""
    found: list[str] = []

    def look(part: ast.AST | None) -> None:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            # Markup, Material symbols and where a link leads are no words.
            found.append(re.sub(r"<[^>]*>|:material/\w+:|\]\(\S*\)", "", part.value))
        elif isinstance(part, ast.JoinedStr):
            for value in part.values:
                look(value)
        elif isinstance(part, ast.Dict):
            for key in part.keys:
                look(key)
        elif isinstance(part, ast.List | ast.Tuple):
            for value in part.elts:
                look(value)
        elif isinstance(part, ast.BinOp):
            look(part.left)
            look(part.right)

    look(node)
    return " ".join(found)


def placeholders(template: str) -> set[str]:
    return {
        name.split(".")[0].split("[")[0]
        for _, name, _, _ in string.Formatter().parse(template)
        if name
    }


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_text_is_whole_in_every_language(key: str) -> None:
    entry = catalogue()[key]
    forms = set(LANGUAGES) | {f"{language}_one" for language in LANGUAGES}
    assert set(LANGUAGES) <= set(entry) <= forms
    assert all(value.strip() for value in entry.values())
    wanted = placeholders(entry["en"])
    assert placeholders(entry["zh"]) == wanted
    assert all(placeholders(value) <= wanted for value in entry.values())


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_chinese_is_chinese(key: str) -> None:
    english, chinese = catalogue()[key]["en"], catalogue()[key]["zh"]
    has_words = re.search(r"[a-z]{4}", re.sub(r"\{.*?\}", "", english))
    if has_words and not re.search(r"[\u4e00-\u9fff]", chinese):
        # Units and names of formats and keys are the same in both languages.
        assert english == chinese and " " not in english.strip(), key


def test_no_exclamation_marks() -> None:
    assert not [
        key
        for key, entry in catalogue().items()
        if any("!" in v or "！" in v for v in entry.values())
    ]


def literals(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_keys_in_python_exist(path: Path) -> None:
    unknown = {
        literal
        for literal in literals(path)
        if KEY.match(literal)
        and literal not in catalogue()
        and not (literal.endswith("_") and any(key.startswith(literal) for key in catalogue()))
        and not literal.endswith((".py", ".toml", ".json", ".db", ".log", ".zip"))
    }
    # Names of audited actions share the form of a key.
    actions = {literal for literal in unknown if f'action="{literal}"' in path.read_text()}
    assert not unknown - actions


def test_every_key_is_used() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in [*PYTHON, *SCRIPTS, *TEMPLATES]
    )
    prefixes = set(re.findall(rf"((?:{'|'.join(AREAS)})\.[a-z0-9_]*_)\{{", sources))
    scripted = set(re.findall(r"['`]([a-z_]+_)(?:\$\{|' \+)", sources)) | {"column_"}

    def is_used(key: str) -> bool:
        name = key.split(".", 1)[1]
        in_script = key.split(".")[0] in ("viewer", "worklist", "compare", "adjudicate") and (
            re.search(rf"['\"`]{name}['\"`]", sources) or name.startswith(tuple(scripted))
        )
        is_named = f'"{key}"' in sources or f"'{key}'" in sources
        return bool(in_script) or is_named or key.startswith(tuple(prefixes or {"\0"}))

    assert not [key for key in catalogue() if not is_used(key)]


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_pages_show_no_literal(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in SHOWN:
            continue
        if not ast.unparse(node.func).startswith("st."):
            continue
        named = [word.value for word in node.keywords if word.arg in SHOWN_NAMES]
        first = [] if node.func.attr in ("Page", "page_link") else node.args[:1]  # a file's name
        for argument in [*first, *named]:
            shown = words_of(argument)
            assert not WORD.search(shown), f"{path.name}:{node.lineno} shows {shown!r}"


# Calls whose first argument is the key of a text.
TELLING = {"LungcoreError", "FileError", "Reason", "refuse", "warn", "Remark", "text", "t"}
PRINTS = ("print", "write", "say", "tell")
ROUTES = sorted((ROOT / "lungcore" / "web").glob("*.py"))
COMMANDS = [*(ROOT / "lungcore" / "cli").glob("*.py"), ROOT / "lungcore" / "__main__.py"]


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a file with the last name of what is called."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", "")), node


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_problems_are_told_by_a_key(path: Path) -> None:
    for name, call in calls(path):
        if name in TELLING and call.args and isinstance(call.args[0], ast.Constant):
            assert call.args[0].value in catalogue(), f"{path.name}:{call.lineno}"


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.name)
def test_commands_show_no_literal(path: Path) -> None:
    for name, call in calls(path):
        if name not in (*PRINTS, "add_argument", "add_parser", "ArgumentParser"):
            continue
        named = {word.arg: word.value for word in call.keywords}
        shown = [named[word] for word in ("help", "description", "epilog") if word in named]
        shown += call.args[:1] if name in PRINTS else []
        for argument in shown:
            assert not WORD.search(words_of(argument)), f"{path.name}:{call.lineno}"


@pytest.mark.parametrize("path", ROUTES, ids=lambda path: path.name)
def test_routes_answer_with_no_literal(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in ("error", "problem"):
                    assert not WORD.search(words_of(value)), f"{path.name}:{value.lineno}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_scripts_show_no_literal(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    shown = re.findall(rf"""(?:{SCRIPT_NAMES})\s*[:=]\s*(['"`])(.*?)\1""", source)
    words = [value for _, value in shown]
    for call in SCRIPT_CALLS.finditer(source):
        words += children(source, call.end())
    spelt = [word for word in words if WORD.search(re.sub(r"\$\{.*?\}", "", word))]
    assert not spelt


def children(source: str, start: int) -> list[str]:
    """The string arguments, but for the first, of a call whose arguments begin at `start`.

    Strings within braces or brackets of their own are attributes or arguments of other calls.
    """
    found, depth, at, is_first = [], 0, start, True
    while at < len(source) and depth >= 0:
        character = source[at]
        if character in "'\"`":
            end = at + 1
            while source[end] != character:
                end += 2 if source[end] == "\\" else 1
            before = source[start:at].rstrip()[-1:]
            if depth == 0 and not is_first and before == ",":
                found.append(source[at + 1 : end])
            at = end
        depth += (character in "([{") - (character in ")]}")
        is_first = is_first and not (character == "," and depth == 0)
        at += 1
    return found


def test_children_are_what_a_call_shows() -> None:
    source = "element('div', { class: 'card' }, 'Hello', t('key'), `${n} slices`)"
    assert children(source, len("element(")) == ["Hello", "${n} slices"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_show_no_literal(path: Path) -> None:
    source = re.sub(r"<style>.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.S)
    source = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.S)
    shown = re.sub(r"<[^>]*>", " ", source)
    assert not re.search(r"[A-Za-z]{2}", shown)


def test_text_fills_in_and_counts() -> None:
    assert text("worklist.slices", "en", n=1) == "1 slice"
    assert text("worklist.slices", "en", n=3) == "3 slices"
    assert text("worklist.slices", "zh", n=1) == "1 层"


def test_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("nowhere.nothing")


def test_area_gives_names_and_singulars() -> None:
    texts = area("worklist", "en")
    assert texts["title"] == "Worklist"
    assert texts["slices_one"] == "{n} slice"


def test_an_error_speaks_the_readers_language() -> None:
    error = LungcoreError("errors.settings_value", name="worker", value="x", allowed="a, b")
    assert "worker" in str(error)
    assert re.search(r"[\u4e00-\u9fff]", error.text("zh"))
