"""XML from strangers: nothing is expanded, fetched or believed."""

import pytest

from lungcore.errors import LungcoreError
from lungcore.formats import safe_xml

BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<LidcReadMessage>&d;</LidcReadMessage>"""
FILE = """<!DOCTYPE x [<!ENTITY secret SYSTEM "{path}">]><x>&secret;</x>"""
OUTSIDE = """<!DOCTYPE x SYSTEM "{path}"><x/>"""
PARAMETER = """<!DOCTYPE x [<!ENTITY % p SYSTEM "{path}"> %p;]><x/>"""


@pytest.mark.parametrize("hostile", [BOMB, FILE, OUTSIDE, PARAMETER])
def test_a_document_type_declaration_is_refused(tmp_path, hostile):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    path = tmp_path / "a.xml"
    path.write_text(hostile.replace("{path}", secret.as_uri()))
    with pytest.raises(LungcoreError, match="DOCTYPE") as caught:
        safe_xml.read(path)
    assert "the secret" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<a>",
        b"<a></b>",
        b"no xml",
        b"<a>\x00</a>",
        b"<a>&nosuch;</a>",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"\xff\xfe<\x00a\x00",
    ],
)
def test_what_is_no_whole_xml_is_told(tmp_path, content):
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    with pytest.raises(LungcoreError, match="XML"):
        safe_xml.read(path)


def test_a_file_too_large_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "a.xml"
    path.write_text("<a>" + " " * 100 + "</a>")
    monkeypatch.setattr(safe_xml, "LARGEST_BYTES", 50)
    with pytest.raises(LungcoreError, match="50 bytes"):
        safe_xml.read(path)


def test_tags_come_without_namespaces(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text('<a xmlns="http://x.y"><b c="1">t</b></a>')
    root = safe_xml.read(path)
    assert (root.tag, root[0].tag, root[0].text) == ("a", "b", "t")
