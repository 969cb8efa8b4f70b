"""Labels from files, as layers that are only ever added."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

APPEND_ONLY = ("label_file", "label_layer")


def upgrade() -> None:
    """Make the tables and their triggers."""
    op.create_table(
        "label_file",
        sa.Column("label_file_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name=op.f("fk_label_file_account_id")
        ),
        sa.PrimaryKeyConstraint("label_file_id", name=op.f("pk_label_file")),
        sa.UniqueConstraint("sha256", name=op.f("uq_label_file_sha256")),
    )
    op.create_table(
        "label_waiting",
        sa.Column("label_file_id", sa.Integer(), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["label_file_id"],
            ["label_file.label_file_id"],
            name=op.f("fk_label_waiting_label_file_id"),
        ),
        sa.PrimaryKeyConstraint("label_file_id", "series_uid", name=op.f("pk_label_waiting")),
    )
    op.create_index(op.f("ix_label_waiting_series_uid"), "label_waiting", ["series_uid"])
    op.create_table(
        "label_layer",
        sa.Column("label_layer_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("label_file_id", sa.Integer(), nullable=True),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("nodules", sa.Integer(), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("outside", sa.JSON(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.series_id"], name=op.f("fk_label_layer_series_id")
        ),
        sa.ForeignKeyConstraint(
            ["label_file_id"],
            ["label_file.label_file_id"],
            name=op.f("fk_label_layer_label_file_id"),
        ),
        sa.PrimaryKeyConstraint("label_layer_id", name=op.f("pk_label_layer")),
        sa.UniqueConstraint(
            "label_file_id",
            "series_id",
            "reader",
            name=op.f("uq_label_layer_label_file_id_series_id_reader"),
        ),
    )
    for column in ("series_id", "reader", "content_sha256"):
        op.create_index(op.f(f"ix_label_layer_{column}"), "label_layer", [column])
    for table in APPEND_ONLY:
        _refuse_changes(table)


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
