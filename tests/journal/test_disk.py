"""The kernel is really asked: nothing but a power cut would show it otherwise."""

from __future__ import annotations

import errno
import os

import pytest

from podd.journal.disk import KERNEL_DISK


def test_a_sync_is_the_kernels():
    """A pipe cannot be synced, and only the kernel says so."""
    reading, writing = os.pipe()
    try:
        assert KERNEL_DISK.write(writing, b"x") == 1
        with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
            KERNEL_DISK.datasync(writing)
    finally:
        os.close(reading)
        os.close(writing)
