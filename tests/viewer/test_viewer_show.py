"""The viewer mounts on a page with the texts of the reader's language."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from lungcore.language import area


def page(series_uid: str, language: str) -> None:
    from lungcore import viewer

    viewer.show(series_uid, language, asset_base="assets/viewer/abc")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_show_mounts_the_viewer_with_its_texts(language: str) -> None:
    app = AppTest.from_function(page, args=("1.2.3", language)).run()
    assert not app.exception
    [component] = app.get("bidi_component")
    data = json.loads(component.proto.json)
    assert (data["series_uid"], data["language"]) == ("1.2.3", language)
    assert data["asset_base"] == "assets/viewer/abc"
    assert data["texts"] == area("viewer", language)
    assert component.proto.isolate_styles is False
    assert "main.js" in component.proto.js_content
