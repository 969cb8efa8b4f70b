"""Models with their events, trainings and comparisons; what studies looked like to them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

APPEND_ONLY = ("model", "model_event", "model_comparison")


def upgrade() -> None:
    """Make the tables and their triggers."""
    op.create_table(
        "model",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("layers", sa.JSON(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _refers("model", "account_id", "account"),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_model")),
        sa.UniqueConstraint("name", name=op.f("uq_model_name")),
        sa.UniqueConstraint("sha256", name=op.f("uq_model_sha256")),
    )
    op.create_index(op.f("ix_model_kind"), "model", ["kind"])
    op.create_table(
        "model_event",
        sa.Column("model_event_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("second_account_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        _refers("model_event", "model_id", "model"),
        _refers("model_event", "account_id", "account"),
        _refers("model_event", "second_account_id", "account", "account_id"),
        sa.PrimaryKeyConstraint("model_event_id", name=op.f("pk_model_event")),
    )
    op.create_index(op.f("ix_model_event_model_id"), "model_event", ["model_id"])
    op.create_table(
        "training",
        sa.Column("training_id", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.String(length=128), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=True),
        sa.Column("error_key", sa.Text(), nullable=True),
        sa.Column("error_values", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        _refers("training", "account_id", "account"),
        _refers("training", "model_id", "model"),
        sa.PrimaryKeyConstraint("training_id", name=op.f("pk_training")),
    )
    for column in ("job_id", "started_at"):
        op.create_index(op.f(f"ix_training_{column}"), "training", [column])
    op.create_table(
        "model_comparison",
        sa.Column("comparison_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=128), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("against_id", sa.Integer(), nullable=False),
        sa.Column("test_set", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        _refers("model_comparison", "model_id", "model"),
        _refers("model_comparison", "against_id", "model", "model_id"),
        _refers("model_comparison", "account_id", "account"),
        sa.PrimaryKeyConstraint("comparison_id", name=op.f("pk_model_comparison")),
        sa.UniqueConstraint("job_id", name=op.f("uq_model_comparison_job_id")),
    )
    for column in ("model_id", "test_set"):
        op.create_index(op.f(f"ix_model_comparison_{column}"), "model_comparison", [column])
    op.create_table(
        "study_inputs",
        sa.Column("detection_id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["detection_id"],
            ["detection.detection_id"],
            name=op.f("fk_study_inputs_detection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("detection_id", name=op.f("pk_study_inputs")),
    )
    for table in APPEND_ONLY:
        _refuse_changes(table)


def _refers(table: str, column: str, target: str, key: str = "") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.{key or column}"], name=name)


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
