"""The browser's modules come under their content's hash, and nothing else comes with them."""

import pytest
from starlette.testclient import TestClient

from lungcore import viewer
from lungcore.web import assets


def test_a_module_is_served_as_it_lies(reader: TestClient) -> None:
    answer = reader.get(f"/{assets.base()}/worklist/main.js")
    assert answer.content == (viewer.STATIC / "worklist" / "main.js").read_bytes()
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/assets/0000/main.js", "/{base}/..%2F__init__.py", "/{base}/absent.js"]
)
def test_another_version_or_another_file_is_not_there(reader: TestClient, path: str) -> None:
    assert reader.get(path.format(base=assets.base())).status_code == 404
