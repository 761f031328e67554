from __future__ import annotations

import pytest

from podd.sandbox.remedies import Switches, remedy, switches


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (Switches(user_namespaces=0), "max_user_namespaces"),
        (Switches(for_everybody=0), "unprivileged_userns_clone"),
        (Switches(app_armor=1), "apparmor"),
        (Switches(filtered=True), "seccomp profile"),
        (Switches(contained=True), "container"),
        # Inside a container nobody can turn the switches of its host.
        (Switches(contained=True, app_armor=1), "container"),
        (Switches(user_namespaces=100, for_everybody=1, app_armor=0), "ask"),
    ],
)
@pytest.mark.parametrize("name", ["namespaces", "pid_namespaces", "network"])
def test_the_switch_that_refuses_namespaces_is_named(name, found, word):
    assert word in remedy(name, "EPERM", found)


def test_an_old_kernel_is_told_which_one_does():
    old = "bind mount: ENOSYS"
    assert "5.12" in remedy("namespaces", old, Switches())
    assert "5.12" in remedy("namespaces", old, Switches(contained=True))
    assert "5.13" in remedy("landlock", "ENOSYS", Switches())
    assert "6.12" in remedy("landlock_scope", "ABI 3, 6 has it", Switches())


def test_a_refusal_of_a_container_is_no_lack_of_the_kernel():
    assert "profile" in remedy("landlock", "EPERM", Switches())
    assert "profile" in remedy("seccomp", "EPERM", Switches())


def test_what_rests_on_something_else_is_mended_there():
    assert "let namespaces work" in remedy("proc", "needs namespaces", Switches())
    assert "/proc" in remedy("proc", "EPERM", Switches())


def test_bubblewrap_is_installed_or_allowed():
    assert "install" in remedy("bubblewrap", "not installed", Switches())
    assert "ask" in remedy("bubblewrap", "Operation not permitted", Switches())


def test_switches_are_read(tmp_path):
    for name, text in (
        ("user/max_user_namespaces", "0\n"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1\n"),
        ("kernel/unprivileged_userns_clone", "what\n"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
    status = tmp_path / "status"
    status.write_text("Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t1\n", encoding="ascii")

    found = switches(tmp_path, status)

    assert found.user_namespaces == 0
    assert found.app_armor == 1
    assert found.for_everybody is None
    assert found.filtered


def test_a_machine_that_tells_nothing_has_no_switches(tmp_path):
    found = switches(tmp_path, tmp_path / "status")

    assert found == Switches(contained=found.contained)
