"""Secrets that are handed out once and of which only the hash is kept."""

import hashlib
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    """32 random bytes in URL-safe text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(secret: str) -> str:
    """The SHA-256 of a token, in hex; enough for a secret that nobody can guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
