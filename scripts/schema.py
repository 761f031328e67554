"""The wire as a JSON Schema: generated, so that it cannot differ from the code.

    schema.py            write protocol/schema.json
    schema.py --check    compare it with what would be written

Descriptions are the docstrings of the Structs. A line of a pod has every field that it
can have, except where its Struct leaves out what is not set, so there `required` says
more than the Structs, which must also read the lines of an older pod.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from podd_protocol.events import AnyEvent, Event
from podd_protocol.replies import AnyReply
from podd_protocol.requests import PROTOCOL, AnyRequest

SCHEMA: Final = Path(__file__).resolve().parent.parent / "protocol" / "schema.json"

#: What may stand on a line: its name here, its union, what it is.
LINES: Final = (
    ("Request", AnyRequest, "A line from a client to a pod."),
    ("Reply", AnyReply, "A line from a pod to the client that asked."),
    ("Event", AnyEvent, "A line from a pod to everyone who subscribed."),
)

_REFERENCE: Final = "#/$defs/{name}"


def schema() -> str:
    """Return the text of the schema, with its last newline."""
    unions, structs = msgspec.json.schema_components(
        [union for _, union, _ in LINES], ref_template=_REFERENCE
    )
    lines = {
        name: {"description": description, **union}
        for (name, _, description), union in zip(LINES, unions, strict=True)
    }
    shared = lines.keys() & structs.keys()
    assert not shared, f"a Struct has the name of a kind of line: {shared}"
    for struct in (*get_args(AnyReply), *get_args(AnyEvent)):
        found = structs[struct.__name__]
        names = list(found["properties"])
        if struct.__struct_config__.omit_defaults:
            # What is left out is what is empty, and no event's number or time is.
            stamps = {"seq", "at"} if issubclass(struct, Event) else set()
            names = [name for name in names if name in {*found["required"], *stamps}]
        _require(found, names)
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:podd:protocol:{PROTOCOL}",
        "title": "The wire of podd",
        "description": f"One line of protocol {PROTOCOL}, without its end. Made by "
        "scripts/schema from protocol/podd_protocol. Do not edit.",
        "anyOf": [{"$ref": _REFERENCE.format(name=name)} for name in lines],
        "$defs": lines | dict(sorted(structs.items())),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _require(struct: dict[str, Any], names: list[str]) -> None:
    struct["required"] = names
    for name in names:
        struct["properties"][name].pop("default", None)


def main(arguments: list[str]) -> int:
    """Write, or with --check compare; the exit status."""
    match arguments:
        case []:
            SCHEMA.write_text(schema(), encoding="utf-8")
            return 0
        case ["--check"]:
            found = SCHEMA.read_text(encoding="utf-8") if SCHEMA.exists() else ""
            if found == schema():
                return 0
            print(
                "protocol/schema.json is not what the Structs say: run scripts/schema",
                file=sys.stderr,
            )
            return 1
        case _:
            print("usage: scripts/schema [--check]", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
