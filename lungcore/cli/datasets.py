"""`labels freeze`, `labels datasets` and `labels diff`: dataset versions without a browser."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lungcore.cli.output import UsageError, say, say_json, tell
from lungcore.findings.balance import Share
from lungcore.findings.dataset import SOURCES, SPLITS, Rules, Split, difference
from lungcore.jobs.datasets import draft, read_splits
from lungcore.language import text
from lungcore.records import database, datasets
from lungcore.records.datasets import Draft
from lungcore.settings import Settings

LISTS = ("added", "removed", "relabelled", "moved", "other_pixels", "rules")


def freeze(settings: Settings, arguments: Namespace) -> None:
    """Freeze what the rules choose; with --dry-run, tell only what that would be."""
    splits = read_splits(Path(arguments.splits)) if arguments.splits else None
    engine = database.connect(settings.database_url)
    try:
        made = draft(engine, settings, _rules(arguments, splits), splits)
        if not arguments.json:
            _say_balance(made.balance, settings.language)
            _say_left_out(made, settings.language)
        if made.leaks:
            for leak in made.leaks[:-1]:
                tell(leak.text(settings.language))
            raise made.leaks[-1]
        told: dict[str, Any] = {"dataset_id": made.manifest.dataset_id, "new": False}
        if not arguments.dry_run:
            with database.transaction(engine) as session:
                _, told["new"] = datasets.freeze(session, made, name=arguments.name)
    finally:
        engine.dispose()
    if arguments.json:
        say_json(told | {"left_out": dict(made.left_out), "balance": _records(made.balance)})
    else:
        key = "new" if told["new"] else "would" if arguments.dry_run else "known"
        say(text(f"datasets.frozen_{key}", settings.language, dataset_id=told["dataset_id"]))


def show(settings: Settings, arguments: Namespace) -> None:
    """List the versions, the newest first."""
    with database.snapshot(database.connect(settings.database_url)) as session:
        known = datasets.list_datasets(session)
    if arguments.json:
        records = [
            {
                "dataset_id": one.dataset_id,
                "name": one.name,
                "frozen_by": one.frozen_by,
                "frozen_at": one.frozen_at.isoformat(),
                "balance": _records(one.balance),
            }
            for one in known
        ]
        say_json(records)
        return
    for one in known:
        counts = "/".join(str(one.balance[split].series) for split in SPLITS)
        when = one.frozen_at.isoformat(timespec="minutes")
        say("\t".join((one.dataset_id, when, counts, one.name)).rstrip())


def diff(settings: Settings, arguments: Namespace) -> None:
    """Tell what the second version has otherwise than the first."""
    with database.snapshot(database.connect(settings.database_url)) as session:
        first, second = (
            datasets.find(session, datasets.resolve(session, given))
            for given in (arguments.first, arguments.second)
        )
    found = asdict(difference(first, second))
    if arguments.json:
        say_json(found)
        return
    for name in LISTS:
        for item in found[name]:
            moved = " ".join(("", *found[name][item])) if name == "moved" else ""
            say(text(f"datasets.diff_{name}", settings.language, item=f"{item}{moved}"))
    if not any(found.values()):
        say(text("datasets.diff_none", settings.language))


def _rules(arguments: Namespace, splits: Mapping[str, Split] | None) -> Rules:
    """Raises UsageError for shares that cannot be."""
    shares = arguments.shares or Rules().shares
    try:
        return Rules(
            sources=tuple(arguments.source or SOURCES),
            readers=tuple(arguments.reader or ()),
            consensus=arguments.consensus,
            least_readers=arguments.least_readers,
            thickest_mm=arguments.thickest_mm,
            phantoms=arguments.phantoms,
            without=tuple(arguments.without or ()),
            shares=None if splits is not None else shares,
            seed=0 if splits is not None else arguments.seed,
        )
    except ValueError as error:
        raise UsageError("datasets.rules_wrong", problem=error) from error


def _say_balance(balance: Mapping[Split, Share], language: str) -> None:
    for split, share in balance.items():
        name = text(f"datasets.split_{split}", language)
        told = {key: value for key, value in asdict(share).items() if isinstance(value, int)}
        say(text("datasets.balance", language, split=name, **told))


def _say_left_out(made: Draft, language: str) -> None:
    for why, n in made.left_out.items():
        say(text(f"datasets.left_out_{why}", language, n=n))


def _records(balance: Mapping[Split, Share]) -> dict[str, Any]:
    return {split: asdict(share) for split, share in balance.items()}
