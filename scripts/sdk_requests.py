"""Compare what our providers send with what the vendors' own SDKs send.

For the same conversation, tools and options, streamed and not, both sides ask one
server that keeps what it gets. Method, path, query, headers and the fields of the body
have to be equal. What may differ is listed in `sdk_comparison.py`, with its reason.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

import sdk_ours
from sdk_capture import Capture, capturing
from sdk_cases import CASES
from sdk_comparison import Listed, differences, listed

SDKS = ("openai", "anthropic", "google-genai", "cohere", "botocore")
MODES = ("whole", "stream")
CALLS = Path(__file__).parent / "sdk_calls" / "main.py"


@dataclass
class Findings:
    """Of one provider.

    Attributes:
        rows: what is said of each case.
        wrong: differences that are not listed, in words, and where they are.
        used: how often each listed difference was met.
    """

    rows: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    used: Counter[Listed] = field(default_factory=Counter)

    def differs(self, words: str, where: str) -> str:
        self.wrong.setdefault(words, []).append(where)
        return "DIFFERS"


@contextmanager
def environment(python: str | None) -> Iterator[str]:
    """Give an interpreter that has the SDKs."""
    if python is not None:
        yield python
        return
    with tempfile.TemporaryDirectory(prefix="podd-sdks-") as directory:
        print(f"installing {', '.join(SDKS)} ...", file=sys.stderr)
        venv.create(directory, with_pip=True)
        interpreter = str(Path(directory) / "bin" / "python")
        quiet = ("-q", "--disable-pip-version-check")
        subprocess.run([interpreter, "-m", "pip", "install", *quiet, *SDKS], check=True)
        yield interpreter


def compare(provider: str, python: str, capture: Capture) -> tuple[str, Findings]:
    """Ask for all cases from both sides; the SDK's name, and what was found."""
    arguments = [provider, capture.url, *CASES]
    done = subprocess.run(
        [python, "-I", str(CALLS), *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{provider}: the SDK's calls failed\n{done.stderr}")
    said = json.loads(done.stdout)
    findings = Findings()
    for case in CASES:
        modes = {mode: _look(provider, case, mode, capture, findings) for mode in MODES}
        words = set(modes.values())
        findings.rows[case] = (
            words.pop()
            if len(words) == 1
            else "; ".join(f"{mode}: {word}" for mode, word in modes.items())
        )
    return said["sdk"], findings


def _look(
    provider: str, case: str, mode: str, capture: Capture, findings: Findings
) -> str:
    name = f"{provider}.{case}.{mode}"
    told = sdk_ours.send(
        provider,
        f"{capture.url}/ours.{name}",
        CASES[case](provider),
        stream=mode == "stream",
    )
    sdk, ours = capture.taken(f"sdk.{name}"), capture.taken(f"ours.{name}")
    where = f"{case}.{mode}"
    if ours is None:
        if told.outcome != "refused":
            return findings.differs(f"nothing was sent: {told.message}", where)
        if sdk is not None:
            return findings.differs(f"the SDK can, we say: {told.message}", where)
        return f"refused: {told.message.rpartition(' has no ')[2]}"
    if sdk is None:
        return findings.differs("we send what the SDK has no call for", where)
    met: list[Listed] = []
    is_equal = True
    for difference in differences(provider, sdk, ours):
        if (one := listed(provider, case, difference)) is None:
            findings.differs(str(difference), where)
            is_equal = False
        elif one not in met:
            met.append(one)
    findings.used.update(met)
    if not is_equal:
        return "DIFFERS"
    of_body = [one.field for one in met if not one.field.startswith("headers.")]
    return "equal" + (f" but for {', '.join(of_body)}" if of_body else "")


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/sdk_requests", allow_abbrev=False)
    parser.add_argument("--python", help="an interpreter that has the SDKs")
    parser.add_argument("providers", nargs="*", metavar="PROVIDER")
    options = parser.parse_args(words)
    providers = options.providers or list(sdk_ours.PLACES)
    if unknown := set(providers) - set(sdk_ours.PLACES):
        parser.error(f"no SDK is known for {', '.join(sorted(unknown))}")
    failed = False
    used: Counter[Listed] = Counter()
    with environment(options.python) as python, capturing() as capture:
        for provider in providers:
            if not sdk_ours.is_built(provider):
                print(f"\n{provider}: not built")
                continue
            sdk, findings = compare(provider, python, capture)
            print(f"\n{provider} and {sdk}")
            for case, row in findings.rows.items():
                print(f"  {case:<20}{row}")
            for difference, places in findings.wrong.items():
                print(f"    {difference}\n      in {', '.join(places)}")
            used += findings.used
            failed = failed or bool(findings.wrong)
    print("\nListed differences that were met:")
    for one, times in used.items():
        where = "" if one.provider == "*" else f"{one.provider}: "
        print(f"  {where}{one.field}: {one.reason} ({times} requests)")
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
