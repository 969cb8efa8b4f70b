"""Text as the worklist searches it: the same folding of what is stored and what is asked."""

import unicodedata

# An index entry of PostgreSQL holds at most 2704 bytes, and a character up to 4.
LONGEST = 600


def searchable(*parts: str) -> str:
    """The parts as one text in which letter case and the width of characters do not count."""
    return unicodedata.normalize("NFKC", "\n".join(parts)).casefold()[:LONGEST]
