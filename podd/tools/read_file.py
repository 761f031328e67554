"""The tool that shows a text file, or a picture to a model that sees them."""

from __future__ import annotations

import base64
import codecs
from typing import Annotated, Final

import anyio.to_thread
import msgspec

from podd.core.context.conversation import ImagePart
from podd.core.context.media import (
    BEGINNING_BYTES,
    limit_of,
    media_type_of,
    smaller,
)
from podd.tools.read_tracker import digest_of
from podd.tools.scoped_files import FileContent
from podd.tools.text import (
    LINE_CHARACTERS,
    count,
    invalid_at,
    is_binary,
    lines_of,
    numbered,
)
from podd.tools.tool import DEFAULT_TIMEOUT_SECONDS, ToolContext, ToolOutcome
from podd_protocol.values import ImageType

#: What the description says besides, where the model sees pictures.
OF_PICTURES: Final = " A picture (PNG, JPEG, GIF or WebP) is shown as it is."

#: Lines that are shown where the model does not say how many.
DEFAULT_LINES: Final = 2000


class ReadFileArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to show."""

    path: Annotated[str, msgspec.Meta(description="The file.")]
    offset: Annotated[
        int, msgspec.Meta(description="The first line to show, from 1.", ge=1)
    ] = 1
    limit: Annotated[int, msgspec.Meta(description="How many lines to show.", ge=1)] = (
        DEFAULT_LINES
    )


class ReadFile:
    """Shows lines of a file, and remembers that the file was seen, whole."""

    name = "read_file"
    description = (
        "Read a text file. Each line comes with its number and a tab before it, which "
        "are not part of the file. A file must be read before it can be edited or "
        "replaced."
    )
    repeatable = True
    timeout_seconds = DEFAULT_TIMEOUT_SECONDS
    arguments = ReadFileArguments

    async def run(
        self, arguments: ReadFileArguments, context: ToolContext
    ) -> ToolOutcome:
        """Show the lines that were asked for."""
        try:
            found = await context.files.read(arguments.path)
        except IsADirectoryError:
            return ToolOutcome(
                status="error",
                summary=f"{arguments.path} is a directory; list it with glob, "
                f'pattern "*" and this path',
            )
        return await anyio.to_thread.run_sync(
            _show, arguments, found, context, abandon_on_cancel=True
        )


def _show(
    arguments: ReadFileArguments, found: FileContent, context: ToolContext
) -> ToolOutcome:
    name = context.files.shown(found.path)
    data = found.data
    media_type = media_type_of(data[:BEGINNING_BYTES])
    if media_type is not None and media_type != "application/pdf":
        return _picture(found, media_type, context)
    if is_binary(data):
        return ToolOutcome(
            status="error",
            summary=f"{name} is binary ({count(len(data), 'byte')}), and not shown",
        )
    lines = lines_of(data)
    if lines and arguments.offset > len(lines):
        return ToolOutcome(
            status="error",
            summary=f"{name} has {count(len(lines), 'line')}; "
            f"line {arguments.offset} is past the end",
        )
    first = arguments.offset
    shown = lines[first - 1 : first - 1 + arguments.limit]
    # The whole file counts as seen: an edit names the text it replaces.
    context.reads.record(found.path, digest_of(data))
    if not data:
        return ToolOutcome(status="ok", summary=f"read {name}: it is empty")
    extent = count(len(lines), "line")
    if len(shown) < len(lines):
        extent = f"lines {first} to {first + len(shown) - 1} of {len(lines)}"
    remarks = _remarks(data, shown, first + len(shown), len(lines))
    size = count(len(data), "byte")
    return ToolOutcome(
        status="ok",
        summary="; ".join([f"read {name}: {extent}, {size}", *remarks]),
        content=numbered(shown, first),
    )


def _picture(
    found: FileContent, media_type: ImageType, context: ToolContext
) -> ToolOutcome:
    name, data = context.files.shown(found.path), found.data
    what = f"{name} is a picture ({media_type}, {count(len(data), 'byte')})"
    if not context.sees_pictures():
        return ToolOutcome(
            status="error",
            summary=f"{what}, and not shown: model.images is not set for this model",
        )
    limit = limit_of(media_type)
    if len(data) > limit:
        return ToolOutcome(
            status="error",
            summary=f"{what}, and at most {limit} bytes are shown; "
            f"{smaller(media_type)}",
        )
    context.reads.record(found.path, digest_of(data))
    image = ImagePart(
        media_type,
        base64.b64encode(data).decode(),
        name=name.rpartition("/")[2],
    )
    size = count(len(data), "byte")
    return ToolOutcome(
        status="ok", summary=f"read {name}: {media_type}, {size}", images=(image,)
    )


def _remarks(data: bytes, shown: list[bytes], following: int, lines: int) -> list[str]:
    """Say what the text does not show and an edit could stumble over."""
    found = []
    if following <= lines:
        found.append(f"go on with offset {following}")
    if data.startswith(codecs.BOM_UTF8):
        found.append("starts with a byte order mark")
    if feeds := data.count(b"\n"):
        pairs = data.count(b"\r\n")
        if pairs == feeds:
            found.append("lines end in CRLF")
        elif pairs:
            found.append(f"{pairs} of {feeds} lines end in CRLF, the others in LF")
    if not data.endswith(b"\n"):
        found.append("no line end at the end of the file")
    if (at := invalid_at(data)) is not None:
        found.append(f"not UTF-8 from byte {at} on; such bytes are shown as \ufffd")
    if any(len(line) > LINE_CHARACTERS for line in shown):
        found.append(f"lines over {LINE_CHARACTERS} characters are cut")
    return found
