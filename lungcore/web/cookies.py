"""The session cookie: the session's token, signed with a key of this installation.

The signature keeps a forged cookie from reaching the database; that the token names a session
that can be ended at once is what `records.logins` is for.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import cookie_parser

SESSION_COOKIE = "lungcore_session"
LONGEST_SECONDS = 7 * 24 * 3600  # as long as a session lasts at most
KEY_FILE = "cookie.key"
KEY_BYTES = 32


class SessionCookies:
    """Signs and reads the cookie of an installation."""

    def __init__(self, key: bytes) -> None:
        self._signer = TimestampSigner(key, salt=SESSION_COOKIE, digest_method=sha256)

    @classmethod
    def open(cls, home: Path) -> "SessionCookies":
        """With the key in the home folder, which is made at the first start."""
        path = home / KEY_FILE
        if not path.exists():
            home.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=home) as made:  # readable by its owner alone
                made.write(secrets.token_bytes(KEY_BYTES))
                made.flush()
                with suppress(FileExistsError):  # another process was faster
                    os.link(made.name, path)
        return cls(path.read_bytes())

    def signed(self, token: str) -> str:
        """The cookie's value for a session's token."""
        return self._signer.sign(token).decode()

    def token(self, value: str) -> str:
        """The token in a cookie's value, or "" when we did not sign it or it is too old."""
        try:
            return self._signer.unsign(value, max_age=LONGEST_SECONDS).decode()
        except BadSignature:
            return ""

    def token_of_header(self, header: str) -> str:
        """The token in a request's Cookie header, or ""."""
        # Not http.cookies: it gives up at the first cookie of another application that it dislikes.
        return self.token(cookie_parser(header).get(SESSION_COOKIE, ""))
