"""The attributes that the machine gives its findings."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; findings of before have none."""
    op.add_column("machine_finding", sa.Column("attributes", sa.JSON(), nullable=True))
