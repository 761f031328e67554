"""What all vendors are told, where it has the same shape everywhere."""

from __future__ import annotations

SYSTEM = "Be brief."
HELLO = "Hello. Grüße 🦭"
PNG = "iVBORw0KGgo="
PDF = "JVBERi0xLjQK"
PICTURE_URL = "https://example.com/x.png"

READ_FILE = {
    "type": "object",
    "properties": {"path": {"type": "string"}},
    "required": ["path"],
}
LOOK = {"type": "object", "properties": {}}
ANSWER = {
    "type": "object",
    "properties": {"sound": {"type": "boolean"}},
    "required": ["sound"],
    "additionalProperties": False,
}
LIMIT = 4096
