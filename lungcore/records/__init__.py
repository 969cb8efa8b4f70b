"""What is remembered: the database, the pixels and the original files."""
