"""What a detection shows over the images."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table; detections of before have no layers."""
    op.create_table(
        "layer",
        sa.Column("detection_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("origin", sa.JSON(), nullable=False),
        sa.Column("step", sa.JSON(), nullable=False),
        sa.Column("shape", sa.JSON(), nullable=False),
        sa.Column("top", sa.Double(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["detection_id"],
            ["detection.detection_id"],
            name=op.f("fk_layer_detection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("detection_id", "number", name=op.f("pk_layer")),
    )
