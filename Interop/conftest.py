"""Makes `millrace_process` importable from every suite, and the readers of `iceberg/` with it."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE / "iceberg", HERE):
    sys.path.insert(0, str(folder))
