"""The drivers by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from podd.core.turn.drivers.chat import Chat
from podd.core.turn.drivers.code import Code
from podd.core.turn.drivers.contract import Driver
from podd_protocol.values import DriverName

DRIVERS: Final[Mapping[DriverName, Driver]] = {"chat": Chat(), "code": Code()}
