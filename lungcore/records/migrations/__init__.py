"""Alembic's migrations of the database. `lungcore.records.database.migrate` runs them."""
