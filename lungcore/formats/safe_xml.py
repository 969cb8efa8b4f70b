"""XML from strangers: parsed without anything that a document type declaration can do.

Entities that multiply or that name files are declared there, so a file with one is refused.
"""

import xml.etree.ElementTree as ET
from pathlib import Path

from lungcore.errors import LungcoreError

LARGEST_BYTES = 1 << 26
BLOCK_BYTES = 1 << 16


class _Builder(ET.TreeBuilder):
    def doctype(self, name: str, _public: str | None, _system: str | None) -> None:
        raise ET.ParseError(f"DOCTYPE {name}")


def read(path: Path) -> ET.Element:
    """The root of an XML file, its tags without namespaces.

    Raises LungcoreError labels.xml_unreadable.
    """
    if path.stat().st_size > LARGEST_BYTES:
        raise LungcoreError("labels.xml_unreadable", path=path, problem=f"> {LARGEST_BYTES} bytes")
    parser = ET.XMLParser(target=_Builder())
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                parser.feed(block)
        root = parser.close()
    except (ET.ParseError, LookupError, ValueError) as error:
        raise LungcoreError("labels.xml_unreadable", path=path, problem=error) from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root
