"""`bench.py [NAME…]`: runs the named benchmarks, or all of them. See README.md for the method."""

import importlib
import sys

NAMES = ["start", "produce", "consume", "land", "fresh", "wide", "collect", "compact", "commit", "write"]

if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        if name not in NAMES:
            raise SystemExit(f"no benchmark is called {name}; there are {', '.join(NAMES)}")
        importlib.import_module(name).run()
