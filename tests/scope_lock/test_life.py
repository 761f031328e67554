from __future__ import annotations

import fcntl
import os
import stat

import msgspec
import pytest

from podd.errors import DeniedError
from podd.scope_lock.identity import (
    ProcessIdentity,
    own_identity,
    own_pid_namespace,
    start_time_of,
)
from podd.scope_lock.life import LifeLock, has_stragglers, is_dead, is_locked


def test_a_life_file_is_private_locked_and_not_inherited(tmp_path):
    life = LifeLock.create(tmp_path / "id")
    assert stat.S_IMODE((tmp_path / "id").stat().st_mode) == 0o600
    assert not os.get_inheritable(life.descriptor)
    assert is_locked(tmp_path / "id")
    assert not is_dead(tmp_path / "id")
    life.close()
    assert is_dead(tmp_path / "id")


def test_closing_one_copy_leaves_the_lock_with_the_other(tmp_path):
    life = LifeLock.create(tmp_path / "id")
    copy = os.dup(life.descriptor)
    life.close()
    life.close()
    assert is_locked(tmp_path / "id")
    os.close(copy)
    assert not is_locked(tmp_path / "id")


def test_looking_twice_at_once_is_not_mistaken_for_life(tmp_path):
    LifeLock.create(tmp_path / "id").close()
    probe = os.open(tmp_path / "id", os.O_RDONLY)
    fcntl.flock(probe, fcntl.LOCK_SH)
    assert not is_locked(tmp_path / "id")
    os.close(probe)


def test_a_life_file_that_is_gone_is_a_dead_one(tmp_path):
    assert is_dead(tmp_path / "id")


def test_what_was_handed_down_is_not_inherited_further(tmp_path):
    life = LifeLock.create(tmp_path / "id")
    number = life.let_inherit()
    assert os.get_inheritable(number)
    heir = LifeLock.inherited(tmp_path / "id", os.dup(number))
    assert not os.get_inheritable(heir.descriptor)
    life.close()
    assert is_locked(tmp_path / "id")
    heir.close()
    with pytest.raises(ValueError, match="closed"):
        _ = heir.descriptor


def test_another_file_is_refused(tmp_path):
    LifeLock.create(tmp_path / "id")
    other = LifeLock.create(tmp_path / "other")
    with pytest.raises(DeniedError):
        LifeLock.inherited(tmp_path / "id", other.descriptor)
    other.close()


def test_a_closed_descriptor_is_refused(tmp_path):
    life = LifeLock.create(tmp_path / "id")
    number = os.dup(life.descriptor)
    os.close(number)
    with pytest.raises(DeniedError):
        LifeLock.inherited(tmp_path / "id", number)
    life.close()


def test_a_descriptor_of_a_file_that_nobody_locked_is_refused(tmp_path):
    LifeLock.create(tmp_path / "id").close()
    number = os.open(tmp_path / "id", os.O_RDWR)
    with pytest.raises(DeniedError):
        LifeLock.inherited(tmp_path / "id", number)
    assert not is_locked(tmp_path / "id")
    os.close(number)


def test_a_second_descriptor_of_a_file_that_another_locked_is_refused(tmp_path):
    life = LifeLock.create(tmp_path / "id")
    number = os.open(tmp_path / "id", os.O_RDWR)
    with pytest.raises(DeniedError):
        LifeLock.inherited(tmp_path / "id", number)
    os.close(number)
    life.close()


def test_a_listed_command_that_lives_keeps_the_allocation(tmp_path, process):
    life = LifeLock.create(tmp_path / "id")
    holder = process("lock", tmp_path)
    holder.hear()
    us = own_identity()
    life.write_down("pod", us)
    assert not has_stragglers(life.path)
    recycled = msgspec.structs.replace(us, start_time=us.start_time + 1)
    life.write_down("command", recycled)
    assert not has_stragglers(life.path)
    life.write_down("launcher", _identity_of(holder.pid))
    life.close()
    assert not is_dead(life.path)
    holder.kill()
    assert is_dead(life.path)


def _identity_of(pid):
    return ProcessIdentity(pid, start_time_of(pid), own_pid_namespace())


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("command 1 2\n", True),
        ("stranger 1 2 3\n", True),
        ("command 1 x 3\n", True),
        ("command 1 -2 3\n", True),
        ("\n", True),
        ("command 1 2 3", False),
        ("pod 1 2 3\ncomm", False),
        ("", False),
    ],
)
def test_a_line_that_proves_nothing_counts_as_alive_a_torn_one_does_not(
    tmp_path, content, kept
):
    (tmp_path / "id").write_text(content, encoding="utf-8")
    assert has_stragglers(tmp_path / "id") is kept
    assert is_dead(tmp_path / "id") is not kept
