"""The one catalogue of every string a person sees, in English and Simplified Chinese.

`catalogue/AREA.toml` holds the texts of one area; key `AREA.name` is the table `[name]` of that
file, with one value a language side by side, so that a missing translation is seen where it is
missing. A text may have a `LANGUAGE_one` form, which is used when the value `n` is 1.
"""

import tomllib
from functools import cache
from importlib.resources import files

LANGUAGES = {"en": "English", "zh": "简体中文"}
DEFAULT_LANGUAGE = "en"


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every text as `{key: {language: text}}`."""
    texts: dict[str, dict[str, str]] = {}
    for file in files("lungcore").joinpath("catalogue").iterdir():
        if file.name.endswith(".toml"):
            area = file.name.removesuffix(".toml")
            entries = tomllib.loads(file.read_text(encoding="utf-8"))
            texts.update({f"{area}.{name}": entry for name, entry in entries.items()})
    return texts


def text(key: str, language: str = DEFAULT_LANGUAGE, /, **values: object) -> str:
    """The text of `key` in `language`, with `values` filled in.

    Raises KeyError for a key or a language that the catalogue does not hold.
    """
    entry = catalogue()[key]
    template = entry[language]
    if values.get("n") == 1:
        template = entry.get(f"{language}_one", template)
    return template.format(**values) if values else template


def area(name: str, language: str) -> dict[str, str]:
    """All texts of one area in `language`, by their names, for use outside Python.

    The singular form of `name` is under `name_one`.
    """
    prefix = f"{name}."
    texts: dict[str, str] = {}
    for key, entry in catalogue().items():
        if key.startswith(prefix):
            short = key.removeprefix(prefix)
            texts[short] = entry[language]
            if f"{language}_one" in entry:
                texts[f"{short}_one"] = entry[f"{language}_one"]
    return texts
