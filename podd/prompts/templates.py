"""From a text with variables to what a model reads.

Rules of this file: it is the only one that imports jinja2, and others import it late,
inside a function. Templates are untrusted: sandboxed, and a variable that is not there
is an error, never an empty string.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
import jinja2.sandbox

from podd.errors import ManifestError
from podd.prompts.catalogue import Catalogue, Text
from podd.prompts.references import joined


def render(catalogue: Catalogue, text: Text, variables: Mapping[str, object]) -> str:
    """Return `text` with its variables filled in, without blanks at either end.

    Raises:
        ManifestError: the template is broken or wants a variable that it does not get;
            names the file and the line.
    """
    environment = _Environment(catalogue)
    try:
        template = environment.from_text(text)
        return template.render(variables).strip()
    except jinja2.TemplateSyntaxError as error:
        path = error.filename or text.path
        raise _error(path, error.lineno, str(error.message)) from error
    except jinja2.TemplateError as error:
        path, line = _place(error, text.path, environment.paths)
        raise _error(path, line, str(error.message)) from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # What an expression in a template can raise of its own.
        path, line = _place(error, text.path, environment.paths)
        raise _error(path, line, f"{type(error).__name__}: {error}") from error
    except RecursionError as error:
        raise _error(text.path, None, "includes itself") from error


class _Environment(jinja2.sandbox.SandboxedEnvironment):
    def __init__(self, catalogue: Catalogue) -> None:
        self.paths: set[str] = set()
        """Of the templates read so far: what a traceback may name."""
        super().__init__(
            undefined=jinja2.StrictUndefined,
            loader=_Loader(catalogue, self.paths),
            # Markdown, not HTML: a model reads what is written.
            autoescape=False,
            keep_trailing_newline=True,
        )

    def from_text(self, text: Text) -> jinja2.Template:
        """Compile `text`, under its own file name for errors and includes."""
        self.paths.add(text.path)
        code = self.compile(text.source, text.name, text.path)
        return self.template_class.from_code(self, code, self.make_globals(None))

    def join_path(self, template: str, parent: str) -> str:
        try:
            return joined(template, parent)
        except ValueError as error:
            raise _error(parent, None, str(error)) from error


class _Loader(jinja2.BaseLoader):
    """Includes come from the same libraries."""

    def __init__(self, catalogue: Catalogue, paths: set[str]) -> None:
        self._catalogue = catalogue
        self._paths = paths

    def get_source(
        self,
        environment: jinja2.Environment,  # noqa: ARG002  # jinja2's signature
        template: str,
    ) -> tuple[str, str, Callable[[], bool]]:
        text = self._catalogue.find(template)
        self._paths.add(text.path)
        return text.source, text.path, lambda: True


def _place(error: BaseException, path: str, paths: set[str]) -> tuple[str, int | None]:
    """Return file and line of the innermost template that the error went through."""
    found: tuple[str, int | None] = (path, None)
    traceback: Any = error.__traceback__
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if name in paths:
            found = (name, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def _error(path: str, line: int | None, reason: str) -> ManifestError:
    return ManifestError(
        path=path, line=line, key="agent.instruction", reason=f"bad template: {reason}"
    )
