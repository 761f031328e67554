"""The program that runs a model's Python: one process, whose names live on.

Standard library alone; given to a Python as text, so nothing of podd has to be seen
where it runs. What it talks over is its standard input, a socket. Lines of JSON:

    to it      {"names": {tool: {"required": [], "optional": [], "doc": text}}}
               {"run": code, "block": n}; {"interrupt": n}
               {"answer": n, "status": ..., "summary": ..., "output": ...}
    from it    {"call": n, "name": tool, "arguments": {...}}
               {"ended": n, "status": "ok" or "error", "summary": ...,
               "submitted": bool, "value": ...}

What the code prints goes to descriptors 1 and 2, which are never spoken over. The code
can find the socket: whoever reads here believes nothing that does not fit.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import json
import linecache
import os
import queue
import signal
import sys
import threading
import traceback
import types

TYPE_CHECKING = False
if TYPE_CHECKING:  # the program is to start quickly
    from collections.abc import Callable
    from typing import Any, NoReturn


class ToolError(Exception):
    """A tool did not do what it was asked for."""

    def __init__(self, tool: str, status: str, message: str) -> None:
        super().__init__(f"{tool}: {message}" if message else f"{tool}: {status}")
        self.tool = tool
        self.status = status


class _Submitted(BaseException):
    """Ends a block. No Exception: code that catches those goes on past it."""


class Interpreter:
    """Runs one block after the other in the main thread; a second one listens."""

    def __init__(self, connection: int) -> None:
        self._connection = connection
        self._blocks: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        self._answers: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._sending = threading.RLock()
        self._block = 0
        self._calls = 0
        self._interrupted = 0
        self._is_copy = False
        self._result: tuple[bool, Any] = (False, None)
        self._module = types.ModuleType("__main__")
        self._module.__dict__.update(
            ToolError=ToolError, submit=self._submit, __builtins__=builtins
        )
        for name in ("exit", "quit"):
            setattr(builtins, name, sys.exit)

    def serve(self) -> None:
        """Run blocks until nobody sends any more."""
        sys.modules["__main__"] = self._module
        signal.signal(signal.SIGINT, self._on_interrupt)
        os.register_at_fork(after_in_child=self._become_copy)
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            number, code = self._blocks.get()
            self._result = (False, None)
            self._block = number
            status, summary = self._run(number, code)
            if self._is_copy:
                os._exit(0 if status == "ok" else 1)
            # From here on no interrupt counts, and no call is sent.
            with self._sending:
                self._block = 0
                is_submitted, value = self._result
                self._send(
                    {
                        "ended": number,
                        "status": status,
                        "summary": summary,
                        "submitted": is_submitted,
                        "value": value,
                    }
                )

    def _run(self, number: int, code: str) -> tuple[str, str]:
        name = f"<block {number}>"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        try:
            self._execute(code, name)
        except _Submitted:
            outcome = ("ok", "submitted")
        except SystemExit as end:
            is_good = end.code is None or end.code == 0
            said = "" if end.code is None else repr(end.code)
            words = f"ended by exit({said}); the interpreter goes on"
            outcome = ("ok" if is_good else "error", words)
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is the code's
            self._show(error)
            outcome = ("error", _line(error))
        else:
            outcome = ("ok", "submitted" if self._result[0] else "ran")
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):
                continue
        return outcome

    def _execute(self, code: str, name: str) -> None:
        tree = ast.parse(code, name)
        last = _taken_expression(tree)
        names = self._module.__dict__
        exec(compile(tree, name, "exec", dont_inherit=True), names)  # noqa: S102  # it is what we are for
        if last is not None:
            value = eval(  # noqa: S307  # as above
                compile(ast.Expression(last), name, "eval", dont_inherit=True),
                names,
            )
            if value is not None:
                print(repr(value))  # noqa: T201  # as a console does

    def _become_copy(self) -> None:
        """Be a fork, which has no tools and ends where its block does."""
        self._is_copy = True
        self._block = 0
        self._sending = threading.RLock()
        os.close(self._connection)

    def _show(self, error: BaseException) -> None:
        """Print a traceback without frames of ours."""
        told = traceback.TracebackException.from_exception(error)
        one: traceback.TracebackException | None = told
        while one is not None:
            one.stack = traceback.StackSummary.from_list(
                [frame for frame in one.stack if frame.filename != "<string>"]
            )
            one = one.__cause__ or one.__context__
        try:
            sys.stdout.flush()
            sys.stderr.write("".join(told.format()))
        except (OSError, ValueError, AttributeError):
            return

    def _submit(self, value: Any) -> NoReturn:  # noqa: ANN401  # whatever the code has
        """End this block at once with a value, which must be JSON."""
        try:
            value = json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            message = f"submit() takes what JSON can say: {error}"
            raise TypeError(message) from None
        self._result = (True, value)
        raise _Submitted

    def _on_interrupt(self, number: int, frame: object) -> None:  # noqa: ARG002  # as Python calls it
        if self._block and self._interrupted == self._block:
            raise KeyboardInterrupt

    def _listen(self) -> None:
        with open(self._connection, "rb", closefd=False) as lines:  # a descriptor
            for line in lines:
                message = json.loads(line)
                if "run" in message:
                    self._blocks.put((message["block"], message["run"]))
                elif "interrupt" in message:
                    self._interrupted = message["interrupt"]
                    main = threading.main_thread().ident
                    signal.pthread_kill(main or 0, signal.SIGINT)
                elif "answer" in message:
                    waiting = self._answers.get(message["answer"])
                    if waiting is not None:
                        waiting.put(message)
                else:
                    for name, about in message["names"].items():
                        setattr(self._module, name, self._function(name, about))
        os._exit(0)

    def _function(self, name: str, about: dict[str, Any]) -> Callable[..., str]:
        """Make a function that calls a tool, with its signature."""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        signature = inspect.Signature(
            [inspect.Parameter(word, kind) for word in about["required"]]
            + [
                inspect.Parameter(word, kind, default=None)
                for word in about["optional"]
            ]
        )

        def tool(*given: object, **named: object) -> str:
            try:
                bound = signature.bind(*given, **named)
            except TypeError as error:
                message = f"{name}{signature}: {error}"
                raise TypeError(message) from None
            return self._call(name, dict(bound.arguments))

        tool.__name__ = tool.__qualname__ = name
        tool.__doc__ = about["doc"]
        tool.__signature__ = signature  # type: ignore[attr-defined]
        return tool

    def _call(self, name: str, arguments: dict[str, Any]) -> str:
        answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        try:
            text = json.dumps(arguments, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            message = f"{name}() takes what JSON can say: {error}"
            raise TypeError(message) from None
        with self._sending:
            if not self._block:
                raise ToolError(
                    name, "interrupted", "only a block that runs, itself, has tools"
                )
            self._calls += 1
            number = self._calls
            self._answers[number] = answers
            self._send({"call": number, "name": name, "arguments": json.loads(text)})
        try:
            answer = answers.get()
        finally:
            self._answers.pop(number, None)
        if answer["status"] != "ok":
            words = "\n".join(filter(None, (answer["summary"], answer["output"])))
            raise ToolError(name, answer["status"], words)
        return str(answer["output"] or answer["summary"])

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self._connection, data) :]


def _taken_expression(tree: ast.Module) -> ast.expr | None:
    """Take the last statement off, if it is an expression."""
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        del tree.body[-1]
        return last.value
    return None


def _line(error: BaseException) -> str:
    words = traceback.format_exception_only(type(error), error)
    return words[-1].strip().splitlines()[0]


def main() -> None:
    """Take the socket off descriptor 0, so that code reads an empty input there."""
    connection = os.dup(0)
    os.set_inheritable(connection, False)  # noqa: FBT003  # takes no names
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(  # type: ignore[union-attr]
            encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
    os.chdir(os.environ["HOME"])
    sys.path.insert(0, "")
    Interpreter(connection).serve()


if __name__ == "__main__":
    main()
