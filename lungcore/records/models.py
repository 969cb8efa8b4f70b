"""The model registry: what each model is, what was done with it, and which are in use.

Rows are only ever added. The stage of a model is the fold of the events: a promotion puts a model
on top of those of its kind, a roll-back takes the top one away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.records import audit
from lungcore.records.identity import actor_name, find_account
from lungcore.records.model_tables import ModelEventRow, ModelRow

Stage = Literal["candidate", "in_use", "retired"]
Origin = Literal["house", "trained", "imported"]
Act = Literal["registered", "probed", "promoted", "rolled_back"]

OWNER = "model_owner"
SIGNERS = (OWNER, "administrator")  # who may sign for a gate that was not passed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """A model as it is registered. files, sha256: as `ModelStore.add` gave them.

    card: what it says of itself. layers: name and number of parameters of each layer with weights.
    """

    kind: str
    task: str
    name: str
    sha256: str
    files: Mapping[str, str]
    card: Mapping[str, Any]
    origin: Origin
    layers: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord(NewModel):
    """A model as it stands. probe: what came of it on the phantom, None before."""

    model_id: int
    created_at: datetime
    stage: Stage
    probe: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEvent:
    """One thing done with a model. second: who signed besides, "" for nobody."""

    name: str
    kind: str
    act: Act
    at: datetime
    actor: str
    second: str
    reason: str
    detail: Mapping[str, Any]


def add(session: Session, new: NewModel, account_id: int | None = None) -> ModelRecord:
    """Register a model as a candidate; the same files again are the same model.

    Raises LungcoreError when other files have the name.
    """
    row = session.scalar(select(ModelRow).where(ModelRow.sha256 == new.sha256))
    if row is None:
        if session.scalar(select(ModelRow.model_id).where(ModelRow.name == new.name)):
            raise LungcoreError("models.name_taken", name=new.name)
        row = ModelRow(
            kind=new.kind,
            task=new.task,
            name=new.name,
            sha256=new.sha256,
            files=dict(new.files),
            card=dict(new.card),
            origin=new.origin,
            layers=[list(one) for one in new.layers],
            account_id=account_id,
            created_at=datetime.now(UTC),
        )
        session.add(row)
        session.flush()
        _tell(session, row, "registered", account_id, "", {"origin": new.origin})
    return find(session, new.name)


def find(session: Session, name: str) -> ModelRecord:
    """The model of that name. Raises LungcoreError when there is none."""
    found = next((one for one in list_models(session) if one.name == name), None)
    if found is None:
        raise LungcoreError("models.unknown", name=name)
    return found


def list_models(session: Session) -> list[ModelRecord]:
    """All models, newest first."""
    stacks, ever, probes = _fold(session)
    on_top = {stack[-1] for stack in stacks.values()}

    def stage(model_id: int) -> Stage:
        if model_id in on_top:
            return "in_use"
        return "retired" if model_id in ever else "candidate"

    rows = session.scalars(select(ModelRow).order_by(ModelRow.model_id.desc()))
    return [_record(row, stage(row.model_id), probes.get(row.model_id)) for row in rows]


def in_use(session: Session) -> dict[str, ModelRecord]:
    """The model in use of each kind that has one."""
    return {one.kind: one for one in list_models(session) if one.stage == "in_use"}


def known_folders(session: Session) -> set[str]:
    """What the store of models must keep."""
    return set(session.scalars(select(ModelRow.sha256)))


def history(session: Session) -> list[ModelEvent]:
    """Everything that was done with models, newest first."""
    found = session.execute(
        select(ModelEventRow, ModelRow)
        .join(ModelRow, ModelRow.model_id == ModelEventRow.model_id)
        .order_by(ModelEventRow.model_event_id.desc())
    )
    return [
        ModelEvent(
            name=model.name,
            kind=model.kind,
            act=cast(Act, event.act),
            at=event.at,
            actor=actor_name(session, event.account_id),
            second=_second(session, event),
            reason=event.reason,
            detail=event.detail,
        )
        for event, model in found
    ]


def note_probe(
    session: Session, name: str, result: Mapping[str, Any], account_id: int | None = None
) -> None:
    """Remember what came of the model on the phantom; `result` says whether it is `ok`."""
    _tell(session, _row(session, name), "probed", account_id, "", result)


def adopt(session: Session, name: str) -> None:
    """Put a model of the house in use, unless somebody has chosen another one.

    A newer release so takes the place of an older one, and never that of a promoted model.
    """
    row = _row(session, name)
    _lock(session, row.kind)
    present = in_use(session).get(row.kind)
    is_house = present is None or (present.origin == "house" and present.name != name)
    if is_house and not _is_chosen(session, row.kind):
        _tell(session, row, "promoted", None, "shipped", {})


def promote(
    session: Session,
    name: str,
    *,
    account_id: int,
    reason: str,
    failed: Sequence[str] = (),
    second_id: int | None = None,
) -> None:
    """Put a model in use in place of the present one of its kind.

    failed: the checks of the gate that it did not pass; a second person must then sign.
    Raises LungcoreError when the account may not, no reason is given, or nobody else has signed.
    """
    _check_may(session, account_id, (OWNER,))
    row = _row(session, name)
    _lock(session, row.kind)
    present = in_use(session).get(row.kind)
    if not reason.strip():
        raise LungcoreError("models.reason_needed")
    if present is None:
        raise LungcoreError("models.no_place", kind=row.kind)
    if present.name == name:
        raise LungcoreError("models.already_in_use", name=name)
    if present.task != row.task:
        raise LungcoreError("models.other_task", name=name, task=row.task, present=present.task)
    if failed and second_id is None:
        raise LungcoreError("models.second_needed")
    if second_id is not None:
        _check_may(session, second_id, SIGNERS)
        if second_id == account_id:
            raise LungcoreError("models.second_same")
    detail = {"in_place_of": present.name, "failed": list(failed)}
    _tell(session, row, "promoted", account_id, reason.strip(), detail, second_id)


def roll_back(session: Session, name: str, *, account_id: int, reason: str) -> str:
    """Put the model before `name`, the one in use, in use again; returns which that is.

    Raises LungcoreError when the account may not, no reason is given, there is none before, or
    another is in use by now.
    """
    _check_may(session, account_id, (OWNER,))
    if not reason.strip():
        raise LungcoreError("models.reason_needed")
    row = _row(session, name)
    _lock(session, row.kind)
    stack = _fold(session)[0].get(row.kind, [])
    if stack[-1:] != [row.model_id]:
        raise LungcoreError("models.not_in_use", name=name)
    if len(stack) < 2:
        raise LungcoreError("models.nothing_before", kind=row.kind)
    present, before = (session.get_one(ModelRow, model_id) for model_id in (stack[-1], stack[-2]))
    detail = {"in_place_of": present.name}
    _tell(session, before, "rolled_back", account_id, reason.strip(), detail)
    return before.name


def _fold(
    session: Session,
) -> tuple[dict[str, list[int]], set[int], dict[int, Mapping[str, Any]]]:
    """The models in use of each kind, the present one last; those ever in use; the last probes."""
    stacks: dict[str, list[int]] = {}
    ever: set[int] = set()
    probes: dict[int, Mapping[str, Any]] = {}
    found = session.execute(
        select(ModelEventRow, ModelRow.kind)
        .join(ModelRow, ModelRow.model_id == ModelEventRow.model_id)
        .order_by(ModelEventRow.model_event_id)
    )
    for event, kind in found:
        if event.act == "promoted":
            stacks.setdefault(kind, []).append(event.model_id)
            ever.add(event.model_id)
        elif event.act == "rolled_back":
            stacks[kind].pop()
        elif event.act == "probed":
            probes[event.model_id] = event.detail
    return stacks, ever, probes


def _lock(session: Session, kind: str) -> None:
    """Which model of a kind is in use changes one act after the other."""
    of_kind = select(ModelRow.model_id).where(ModelRow.kind == kind)
    session.execute(of_kind.order_by(ModelRow.model_id).with_for_update())


def _is_chosen(session: Session, kind: str) -> bool:
    """Whether a person said last which model of a kind is in use."""
    last = (
        select(ModelEventRow.account_id)
        .join(ModelRow, ModelRow.model_id == ModelEventRow.model_id)
        .where(ModelRow.kind == kind, ModelEventRow.act.in_(("promoted", "rolled_back")))
        .order_by(ModelEventRow.model_event_id.desc())
    )
    return session.scalar(last.limit(1)) is not None


def _check_may(session: Session, account_id: int, roles: Sequence[str]) -> None:
    account = find_account(session, account_id)
    if account.disabled or not set(roles) & set(account.roles):
        raise LungcoreError("models.not_allowed", username=account.username)


def _row(session: Session, name: str) -> ModelRow:
    row = session.scalar(select(ModelRow).where(ModelRow.name == name))
    if row is None:
        raise LungcoreError("models.unknown", name=name)
    return row


def _second(session: Session, event: ModelEventRow) -> str:
    if event.second_account_id is None:
        return ""
    return actor_name(session, event.second_account_id)


def _tell(
    session: Session,
    row: ModelRow,
    act: Act,
    account_id: int | None,
    reason: str,
    detail: Mapping[str, Any],
    second_id: int | None = None,
) -> None:
    session.add(
        ModelEventRow(
            model_id=row.model_id,
            act=act,
            at=datetime.now(UTC),
            account_id=account_id,
            second_account_id=second_id,
            reason=reason,
            detail=dict(detail),
        )
    )
    session.flush()
    second = {} if second_id is None else {"second": actor_name(session, second_id)}
    audit.append(
        session,
        actor=actor_name(session, account_id),
        action=f"model.{act}",
        subject=row.name,
        detail={"kind": row.kind, "reason": reason, **second, **detail},
    )


def _record(row: ModelRow, stage: Stage, probe: Mapping[str, Any] | None) -> ModelRecord:
    return ModelRecord(
        model_id=row.model_id,
        kind=row.kind,
        task=row.task,
        name=row.name,
        sha256=row.sha256,
        files=row.files,
        card=row.card,
        origin=cast(Origin, row.origin),
        layers=[(name, count) for name, count in row.layers],
        created_at=row.created_at,
        stage=stage,
        probe=probe,
    )
