"""One JSON line a figure."""

import json


def figure(name, value, unit, note):
    print(json.dumps({"figure": name, "value": round(value, 3), "unit": unit, "note": note}), flush=True)
