"""Which commands depend on what the machine can hold them to."""

from __future__ import annotations

from podd.runtime.confinement import depends_on_machine


def test_the_driver_of_code_depends_on_the_machine_whatever_tools_there_are():
    assert depends_on_machine((), "code")
    assert not depends_on_machine(("glob",), "chat")
