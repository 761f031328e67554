"""Asks a driver, and holds it to its contract."""

from __future__ import annotations

import msgspec

from podd.core.pod.state import OpenTurn
from podd.core.turn.drivers.contract import Driver, Finish, GoOn, Next, Repair, RunCode
from podd_protocol.values import Failed


def ask_after_answer(  # noqa: PLR0911  # one breach a line
    driver: Driver, turn: OpenTurn, *, wants_value: bool
) -> Next | Failed:
    """What the newest answer means; how the turn fails where the driver is broken."""
    try:
        said: object = driver.answered(turn, wants_value=wants_value)
    except Exception as error:  # noqa: BLE001  # whatever it is, it ends the turn alone
        return _broken(driver, f"raised {type(error).__name__}: {error}")
    match said:
        case RunCode(str(code)):
            if driver.offers_tools:
                return _broken(driver, "wants to run code and has no interpreter")
            if not code.strip():
                return _broken(driver, "wants to run no code at all")
            return said
        case Repair(str()):
            return said
        case Finish():
            return _finished(driver, said)
        case GoOn():
            return _broken(driver, "would ask the same again")
        case _:
            return _broken(driver, f"answered {said!r} after an answer")


def ask_after_work(driver: Driver, turn: OpenTurn) -> GoOn | Finish | Failed:
    """What follows the work; how the turn fails where the driver is broken."""
    try:
        said: object = driver.worked(turn)
    except Exception as error:  # noqa: BLE001  # as above
        return _broken(driver, f"raised {type(error).__name__}: {error}")
    if isinstance(said, GoOn):
        return said
    if isinstance(said, Finish):
        return _finished(driver, said)
    return _broken(driver, f"answered {said!r} after work")


def _finished(driver: Driver, said: Finish) -> Finish | Failed:
    try:
        msgspec.json.encode(said.value)
    except (TypeError, ValueError, RecursionError) as error:
        return _broken(driver, f"finished with what JSON cannot hold: {error}")
    return said


def _broken(driver: Driver, what: str) -> Failed:
    return Failed(code="driver", message=f"the driver {driver.name!r} {what}")
