"""Rounds and their assignments. A reading of one's own is of round 0."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables and index what they are asked for."""
    op.create_table(
        "reading_round",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("blinded", sa.Boolean(), nullable=False),
        sa.Column("machine_hidden", sa.Boolean(), nullable=False),
        sa.Column("strategy", sa.String(length=16), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name=op.f("fk_reading_round_account_id")
        ),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_reading_round")),
        sa.UniqueConstraint("name", name=op.f("uq_reading_round_name")),
    )
    op.create_table(
        "assignment",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.{column}"], name=op.f(f"fk_assignment_{column}")
            )
            for table, column in (
                ("reading_round", "round_id"),
                ("series", "series_id"),
                ("account", "account_id"),
            )
        ),
        sa.PrimaryKeyConstraint("round_id", "series_id", "account_id", name=op.f("pk_assignment")),
    )
    op.create_index(
        "ix_assignment_queue",
        "assignment",
        ["account_id", "state", "priority", "round_id", "place"],
    )
    for columns in (
        ("series_id", "account_id"),
        ("account_id", "round_id"),
        ("account_id", "lease_until"),
    ):
        op.create_index(f"ix_assignment_{'_'.join(columns)}", "assignment", list(columns))
    op.execute("UPDATE reading SET round = 0 WHERE round = 1")
