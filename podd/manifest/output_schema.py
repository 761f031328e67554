"""JSON schemas for what a turn is to end in: read, checked, and held against values.

Rules of this file:
- A schema speaks for itself. What leads out of it is refused: nothing is ever fetched.
- A schema may come from a model, and a value always does: neither may raise here.
- The library is imported when a manifest has a schema, and not before.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from podd.core.context.nesting import nesting_problem
from podd.manifest.schema_parts import reference_problem

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

#: A schema beyond that is a mistake, and would fill the system prompt.
SCHEMA_BYTES: Final = 65_536
#: Objects and arrays in one another. Beyond that the library may run out of stack.
SCHEMA_LEVELS: Final = 64
#: Of what is told about one value: where and what it is, and behind that what is wrong.
_HEAD, _TAIL = 300, 200

Schema = dict[str, Any]


def read_schema(path: str, may_read: Callable[[str], bool] | None = None) -> Schema:
    """Read a schema from a file.

    Args:
        path: absolute.
        may_read: whether the parent may read what has this real path. None: no parent.

    Raises:
        ValueError: it cannot be read, or is no schema; says why, of `path`.
    """
    try:
        # A pipe that nobody writes to must not hold us up.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ValueError("is not a regular file")
            # By what is open: a link may lead elsewhere the next moment.
            really = os.readlink(f"/proc/self/fd/{file.fileno()}")  # noqa: PTH115  # text in, text out
            if may_read is not None and not may_read(really):
                raise ValueError(f"leads to {really}, which the parent may not read")
            content = file.read(SCHEMA_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    if len(content) > SCHEMA_BYTES:
        raise ValueError(f"has more than {SCHEMA_BYTES} bytes")
    try:
        schema = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    if (problem := schema_problem(schema)) is not None:
        raise ValueError(problem)
    assert isinstance(schema, dict), "that was looked at"
    return schema


def schema_problem(schema: object) -> str | None:
    """Why this is no schema that podd can hold a value against; None: it is one.

    Args:
        schema: what JSON text was decoded to.
    """
    if not isinstance(schema, dict):
        return "is no JSON schema: it is not an object"
    if (problem := nesting_problem(schema, SCHEMA_LEVELS)) is not None:
        return f"is no JSON schema for podd: {problem}"
    if len(msgspec.json.encode(schema)) > SCHEMA_BYTES:
        return f"has more than {SCHEMA_BYTES} bytes"
    looks = (_dialect_problem, _form_problem, reference_problem)
    problem = next((found for look in looks if (found := look(schema))), None)
    return None if problem is None else _short(problem)


def value_problem_of(schema: Schema) -> Callable[[Any], str | None]:
    """A pure function that says what is wrong with a value, or None.

    It may take for ever: in a schema each part can refer to the next one twice, and a
    `pattern` can be tried in countless ways. Its caller has to see to that.

    Args:
        schema: it has passed `schema_problem`.
    """
    return partial(_value_problem, _validator(schema))


def _value_problem(validator: Validator, value: Any) -> str | None:  # noqa: ANN401  # any JSON
    import jsonschema.exceptions

    if (problem := nesting_problem(value)) is not None:
        return problem
    try:
        found = jsonschema.exceptions.best_match(validator.iter_errors(value))
    except RecursionError:
        return "it, or the schema, is nested too deeply to be looked at"
    except Exception as error:  # noqa: BLE001  # whatever the library stumbles over
        return _short(f"it cannot be held against the schema: {error}")
    return None if found is None else _words(found)


def _validator(schema: Schema) -> Validator:
    import jsonschema
    import referencing

    kind = jsonschema.validators.validator_for(
        schema, default=jsonschema.Draft202012Validator
    )
    # A name of its own changes nothing here, as references begin with `#`.
    nameless = {key: part for key, part in schema.items() if key not in {"$id", "id"}}
    # A registry of our own: the default one fetches what it does not know.
    made: Validator = kind(nameless, registry=referencing.Registry())
    return made


def _dialect_problem(schema: Schema) -> str | None:
    import referencing.jsonschema

    dialect = schema.get("$schema", "")
    if dialect == "":
        return None
    if isinstance(dialect, str):
        with contextlib.suppress(referencing.jsonschema.UnknownDialect):
            referencing.jsonschema.specification_with(dialect)
            return None
    return f"has a $schema that podd does not know: {dialect!r}"


def _form_problem(schema: Schema) -> str | None:
    import jsonschema

    try:
        type(_validator(schema)).check_schema(schema)
    except jsonschema.SchemaError as error:
        return f"is no JSON schema: {_words(error)}"
    except RecursionError:
        return "is no JSON schema for podd: it is nested too deeply"
    return None


def _words(error: Any) -> str:  # noqa: ANN401  # of a library without types
    """Where and what, on one line."""
    where = "" if error.json_path == "$" else f"{error.json_path}: "
    return _short(f"{where}{error.message}")


def _short(text: str) -> str:
    """On one line, cut in its middle: what is wrong stands at the end of most."""
    line = " ".join(text.split())
    if len(line) <= _HEAD + _TAIL:
        return line
    return f"{line[:_HEAD]} [...] {line[-_TAIL:]}"
