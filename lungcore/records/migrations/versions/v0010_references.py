"""Reference cases of rounds: which layer of labels is the answer of which of its series."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table, and refuse changes of its rows."""
    op.create_table(
        "reference_case",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("label_layer_id", sa.Integer(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.{column}"], name=op.f(f"fk_reference_case_{column}")
            )
            for table, column in (
                ("reading_round", "round_id"),
                ("series", "series_id"),
                ("label_layer", "label_layer_id"),
            )
        ),
        sa.PrimaryKeyConstraint("round_id", "series_id", name=op.f("pk_reference_case")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER reference_case_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON reference_case FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER reference_case_no_{act.lower()} BEFORE {act} ON reference_case "
            "BEGIN SELECT RAISE(ABORT, 'reference_case is append-only'); END"
        )
