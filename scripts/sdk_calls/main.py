"""Make one vendor's calls with its own SDK. Runs in the SDKs' environment.

    main.py PROVIDER URL CASE ...

Each case is called as it would be in a program of the vendor's documentation, streamed
and not, with everything pointed at `URL/CASE.whole` and `URL/CASE.stream`. Prints one
JSON object: what the SDK is, and which cases it has no call for.
"""

from __future__ import annotations

import importlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out


def main() -> None:
    provider, url, *cases = sys.argv[1:]
    calls = importlib.import_module(f"{provider}_calls")
    missing = []
    for case in cases:
        if (arguments := calls.CASES.get(case)) is None:
            missing.append(case)
            continue
        for mode in ("whole", "stream"):
            place = f"{url}/sdk.{provider}.{case}.{mode}"
            try:
                calls.call(place, arguments, stream=mode == "stream")
            except calls.REFUSED:
                continue
            raise RuntimeError(f"{provider} {case}: the refusal was not noticed")
    sdk = f"{calls.DISTRIBUTION} {version(calls.DISTRIBUTION)}"
    print(json.dumps({"sdk": sdk, "missing": missing}))


main()
