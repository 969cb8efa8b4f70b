"""What a user can put right: what was found, where, and what to do next.

A caller's mistake is a TypeError or a ValueError naming the argument, not one of these.
"""

from lungcore.language import DEFAULT_LANGUAGE, text


class LungcoreError(Exception):
    """A problem told to the user in one line, in the language of the page or the terminal.

    `key` names a text of the catalogue (`errors.…` or another area's); `values` fill it in.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def text(self, language: str = DEFAULT_LANGUAGE) -> str:
        """The problem in `language`."""
        return text(self.key, language, **self.values)

    def __str__(self) -> str:
        return self.text()

    def __reduce__(self) -> tuple:
        # Exceptions cross process boundaries; keyword arguments would be lost by the default.
        return _rebuild, (type(self), self.key, self.values)


def _rebuild(kind: type[LungcoreError], key: str, values: dict[str, object]) -> LungcoreError:
    return kind(key, **values)
