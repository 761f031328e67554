"""The one border where an error becomes words and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, Final

import click

from podd.cli.output import Output
from podd.errors import PoddError

#: Interrupted, as shells say it: 128 and SIGINT.
INTERRUPTED: Final = 130

#: Of a file or directory that is not ours to use.
DENIED: Final = 5

#: Where an error that should not be is reported.
REPORT_TO: Final = "the issue tracker of podd"


def report(error: BaseException, output: Output) -> int:
    """Print `error` as the command line asked for it, and give the exit code.

    In words on stderr; with `--json` as the last line of stdout.
    """
    match error:
        case PoddError():
            _print(output, error.code, str(error), error.remedy, error.data)
            return error.exit_code
        case click.ClickException():
            remedy = ""
            if isinstance(error, click.UsageError) and error.ctx is not None:
                remedy = f"{error.ctx.command_path} --help"
            _print(output, "usage", error.format_message(), remedy, {})
            return 2
        case KeyboardInterrupt() | click.Abort():
            _print(output, "interrupted", "interrupted", "", {})
            return INTERRUPTED
        case PermissionError() if error.filename is not None:
            # Where nobody could foresee it: a stranger's file among ours.
            message = f"{os.fsdecode(error.filename)}: {error.strerror}"
            data = {"path": os.fsdecode(error.filename), "reason": error.strerror}
            _print(output, "denied", message, "podctl doctor", data)
            return DENIED
        case _:
            return _report_ours(error, output)


def _report_ours(error: BaseException, output: Output) -> int:
    kind = type(error).__name__
    _print(
        output,
        "internal",
        f"this is a defect of podd: {kind}: {error}",
        f"report it to {REPORT_TO}, with what -v prints",
        {"kind": kind},
    )
    if output.loudness == "verbose":
        traceback.print_exception(error, file=sys.stderr)
    return 1


def _print(
    output: Output, code: str, message: str, remedy: str, data: dict[str, Any]
) -> None:
    if output.json:
        output.document(
            {
                "error": {
                    "code": code,
                    "message": message,
                    "remedy": remedy,
                    "data": data,
                }
            }
        )
        return
    loud = Output(loudness="normal")
    loud.say(f"podctl: {message}")
    if remedy:
        loud.say(f"  {remedy}")
