"""`user add|list|password|disable`: accounts without a browser."""

import getpass
import re
import sys
from argparse import Namespace

from lungcore.cli.output import UsageError, say
from lungcore.errors import LungcoreError
from lungcore.language import text
from lungcore.records import accounts, database
from lungcore.settings import Settings


def run(settings: Settings, arguments: Namespace) -> None:
    """Do what `arguments.act` says."""
    acts = {"add": _add, "list": _list, "password": _password, "disable": _disable}
    database.migrate(settings.database_url)
    acts[arguments.act](settings, arguments)


def _add(settings: Settings, arguments: Namespace) -> None:
    # As people write them: "model owner", "model-owner".
    roles = [re.sub(r"[ -]", "_", role) for role in arguments.role or ["clinician"]]
    for role in roles:
        if role not in accounts.ROLES:
            raise UsageError("cli.role_unknown", role=role, roles=", ".join(accounts.ROLES))
    password = _read_password(settings)
    with database.transaction(database.connect(settings.database_url)) as session:
        account = accounts.add_account(
            session,
            arguments.name,
            password,
            display_name=arguments.display_name,
            roles=roles,
            language=settings.language,
        )
    say(text("cli.user_added", settings.language, name=account.username, roles=", ".join(roles)))


def _list(settings: Settings, _arguments: Namespace) -> None:
    with database.snapshot(database.connect(settings.database_url)) as session:
        known = accounts.list_accounts(session)
    for account in known:
        state = text("cli.user_disabled_mark", settings.language) if account.disabled else ""
        shown = (account.username, account.display_name, ",".join(sorted(account.roles)), state)
        say("\t".join(shown).rstrip())


def _password(settings: Settings, arguments: Namespace) -> None:
    password = _read_password(settings)
    with database.transaction(database.connect(settings.database_url)) as session:
        account = _known(accounts.list_accounts(session), arguments.name)
        accounts.set_password(session, account.account_id, password)
    say(text("cli.user_password_set", settings.language, name=account.username))


def _disable(settings: Settings, arguments: Namespace) -> None:
    with database.transaction(database.connect(settings.database_url)) as session:
        account = _known(accounts.list_accounts(session), arguments.name)
        accounts.disable(session, account.account_id)
    say(text("cli.user_disabled", settings.language, name=account.username))


def _known(known: list[accounts.Account], name: str) -> accounts.Account:
    wanted = accounts.canonical_name(name)
    for account in known:
        if account.username == wanted:
            return account
    raise LungcoreError("cli.user_unknown", name=name)


def _read_password(settings: Settings) -> str:
    """The line on standard input; a person at a terminal is asked twice, without echo."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(text("cli.ask_password", settings.language))
    if getpass.getpass(text("cli.ask_password_again", settings.language)) != password:
        raise LungcoreError("cli.passwords_differ")
    return password
