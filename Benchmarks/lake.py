"""What a run left in the lake: data files and commits of a table."""

import pathlib


def data_files(millrace, table):
    """Sizes of the table's data files in bytes."""
    folder = pathlib.Path(millrace.data) / "data" / "lake" / "default" / table / "data"
    return [path.stat().st_size for path in folder.rglob("*.parquet")]


def commits(millrace, table):
    """How many versions the table has had."""
    folder = pathlib.Path(millrace.data) / "data" / "lake" / "default" / table / "metadata"
    return len(list(folder.glob("*.metadata.json")))
