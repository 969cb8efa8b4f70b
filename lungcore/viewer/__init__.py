"""The slice viewer: its Python face. The browser's side is in `static/`."""

from pathlib import Path

import streamlit as st

from lungcore import language as languages

NAME = "lungcore_viewer"
STATIC = Path(__file__).parent / "static"

# Streamlit takes a one-line string for a path, hence the line breaks.
LOADER = """
export default async (component) => {
  const address = new URL(`${component.data.asset_base}/main.js`, document.baseURI).href;
  const { mount } = await import(address);
  return mount(component);
};
"""


def compare(
    series_uid: str, prior_uid: str, language: str, *, asset_base: str, key: str | None = None
) -> None:
    """Mount two series of a patient beside each other; arguments as of `show`."""
    component = st.components.v2.component(f"{NAME}_compare", js=LOADER, isolate_styles=False)
    data = {
        "series_uid": series_uid,
        "prior_uid": prior_uid,
        "language": language,
        "texts": languages.area("viewer", language) | languages.area("compare", language),
        "asset_base": f"{asset_base}/compare",
    }
    component(key=key or f"compare_{series_uid}_{prior_uid}", data=data)


def adjudicate(series_uid: str, language: str, *, asset_base: str) -> None:
    """Mount a series with its readers' marks and the decisions on them; arguments as of `show`."""
    component = st.components.v2.component(f"{NAME}_adjudicate", js=LOADER, isolate_styles=False)
    data = {
        "series_uid": series_uid,
        "language": language,
        "texts": languages.area("viewer", language) | languages.area("adjudicate", language),
        "asset_base": f"{asset_base}/adjudicate",
    }
    component(key=f"adjudicate_{series_uid}", data=data)


def show(
    series_uid: str,
    language: str,
    *,
    asset_base: str,
    at: tuple[float, float, float] | None = None,
    key: str | None = None,
    **context: str,
) -> None:
    """Mount the viewer of a series on the page; it fills the height below `--lungviewer-top`.

    asset_base: where the page finds the files of `static`, relative to its base address.
    at: where to begin, (x, y, z) LPS mm, in place of the first finding.
    key: of the element; one a series by default, so that another series starts afresh.
    context: `theme` is `dark` (the default), `light` or `auto`.
    """
    component = st.components.v2.component(NAME, js=LOADER, isolate_styles=False)
    data = {
        "series_uid": series_uid,
        "language": language,
        "texts": languages.area("viewer", language),
        "asset_base": asset_base,
        **({"at": at} if at else {}),
        **context,
    }
    component(key=key or f"{NAME}_{series_uid}", data=data)
