"""From a script's file to a script, or to an error that says where."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from podd.errors import ManifestError
from podd.manifest.layer import Layer
from podd.manifest.locator import KeyPath
from podd.manifest.reading import read_layer
from podd.providers.recording import SUFFIX, Recording
from podd.providers.scripted.quotes import BadQuoteError, quotes_in
from podd.providers.scripted.recorded import recorded
from podd.providers.scripted.script import Call, Fail, Pace, Script, Spent, Step

_PLACE: Final = re.compile(r"^(.*) - at `\$\.?(.*)`$")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`")
_INDEX: Final = re.compile(r"([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def load(path: str) -> Script:
    """Read and check a script.

    Raises:
        NoSuchError: there is no such file.
        ManifestError: it cannot be read, or says something that cannot be.
    """
    if path.endswith(SUFFIX):
        return _alone(path)
    layer = read_layer("file", path, os.path.dirname(path))  # noqa: PTH120  # text in, text out
    steps = tuple(_converted(layer, number) for number in _numbers(layer))
    script = Script(
        path=path,
        steps=steps,
        lines=tuple(layer.line(("step", number)) for number in range(len(steps))),
    )
    _check(layer, script)
    return msgspec.structs.replace(script, recordings=_recordings(layer, script))


def _alone(path: str) -> Script:
    """Make a script of a recording: its one answer."""
    step = Step(recording=path)
    return Script(
        path=path, steps=(step,), lines=(None,), recordings={path: recorded(path)}
    )


def _recordings(layer: Layer, script: Script) -> dict[str, Recording]:
    found: dict[str, Recording] = {}
    for number, step in enumerate(script.steps):
        if (name := step.recording) is None or name in found:
            continue
        # A script must not be a way to read what only podd may read.
        if os.path.isabs(name) or ".." in name.split("/"):  # noqa: PTH117  # text
            raise layer.error(
                ("step", number, "recording"),
                f"{name!r} leads away from the script",
                "put the recording beside the script, or below",
            )
        found[name] = recorded(os.path.join(layer.base, name))  # noqa: PTH118  # text
    return found


def _numbers(layer: Layer) -> range:
    """Check the frame; give the indexes of the steps."""
    for key in layer.table:
        if key != "step":
            raise _unknown(layer, (key,), ["step"])
    steps = layer.table.get("step")
    if not isinstance(steps, list) or not steps:
        raise layer.error(("step",), "a script has at least one [[step]]")
    return range(len(steps))


def _converted(layer: Layer, number: int) -> Step:
    try:
        return msgspec.convert(layer.table["step"][number], Step)
    except msgspec.ValidationError as error:
        found = _PLACE.match(str(error))
        reason, place = (found[1], found[2]) if found else (str(error), "")
        key: KeyPath = ("step", number, *_path(place))
        if unknown := _UNKNOWN.match(reason):
            raise _unknown(layer, (*key, unknown[1]), _siblings(key)) from error
        raise layer.error(key, reason) from error


def _path(place: str) -> Iterator[str | int]:
    for found in _INDEX.finditer(place):
        if found[1]:
            yield found[1]
        elif found[2].isdecimal():
            yield int(found[2])


def _siblings(key: KeyPath) -> list[str]:
    kinds: dict[Any, type[msgspec.Struct]] = {
        "call": Call,
        "fail": Fail,
        "stream": Pace,
        "usage": Spent,
    }
    kind = next((kinds[part] for part in reversed(key) if part in kinds), Step)
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def _unknown(layer: Layer, key: KeyPath, known: list[str]) -> ManifestError:
    near = difflib.get_close_matches(str(key[-1]), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    return layer.error(key, "unknown key", hint)


def _check(layer: Layer, script: Script) -> None:
    labels = {call.quoted_as for step in script.steps for call in step.call}
    for number, step in enumerate(script.steps):
        key: KeyPath = ("step", number)
        _check_step(layer, key, step)
        for place, text in _texts(key, step):
            try:
                for quote in quotes_in(text):
                    if quote.label not in labels:
                        raise layer.error(
                            place,
                            f"quotes {quote.label!r}, which no call is labelled",
                            f"known: {', '.join(sorted(labels)) or 'none'}",
                        )
            except BadQuoteError as error:
                raise layer.error(place, str(error)) from error


def _check_step(layer: Layer, key: KeyPath, step: Step) -> None:
    if step.match is not None:
        try:
            re.compile(step.match)
        except re.error as error:
            raise layer.error(
                (*key, "match"), f"not a regular expression: {error}"
            ) from error
    fail = step.fail
    if fail is not None and (fail.status is None) == (fail.fault is None):
        raise layer.error((*key, "fail"), "say either status or fault")
    if step.recording is not None:
        _check_recorded(layer, key, step)
        return
    if step.replay is not None:
        raise layer.error((*key, "replay"), "stands without a recording")
    always_fails = fail is not None and fail.times is None
    if not (step.text or step.call or always_fails):
        raise layer.error(
            key,
            "says nothing",
            'give it text or a call; fail = { fault = "empty_response" } is an '
            "empty answer",
        )
    for index, call in enumerate(step.call):
        if call.arguments is not None and call.arguments_text is not None:
            raise layer.error(
                (*key, "call", index, "arguments_text"), "stands beside arguments"
            )


def _check_recorded(layer: Layer, key: KeyPath, step: Step) -> None:
    """Everything that an answer has, the recording has."""
    usual = Step()
    for name in ("reasoning", "text", "call", "fail", "stream", "stop_reason", "usage"):
        if getattr(step, name) != getattr(usual, name):
            raise layer.error((*key, name), "stands beside a recording")


def _texts(key: KeyPath, step: Step) -> Iterator[tuple[KeyPath, str]]:
    """Find every text that may quote, with its place."""
    yield (*key, "text"), step.text
    for index, call in enumerate(step.call):
        place: KeyPath = (*key, "call", index, "arguments")
        for text in strings_in(call.arguments):
            yield place, text


def strings_in(value: Any) -> Iterator[str]:  # noqa: ANN401  # TOML values
    """Find the strings in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings_in(inner)
