"""`make run ARGS=--once`, as CI and newcomers run it: it ends by itself, with every receipt proven."""

import subprocess

from millrace_process import ROOT


def test_the_demo_ends_by_itself_and_proves_its_receipts():
    done = subprocess.run(
        [ROOT / "Examples/GameAPI/demo", "--once"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.count(" proven") == 3 and "NOT PROVEN" not in done.stdout
    assert "purchase_sword" in done.stdout and "average_strength" in done.stdout
