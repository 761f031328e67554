"""What has to hold on a machine before a pod may start on it."""

from __future__ import annotations

import msgspec
import pytest

import podd.sandbox.probe
from podd.errors import SandboxUnmetError
from podd.launch.requirements import check_sandbox
from podd.manifest.schema import (
    AgentSection,
    Manifest,
    ModelSection,
    PodSection,
    SandboxSection,
    ScopeSection,
)
from podd.sandbox.probe import Feature, Report

MANIFEST = Manifest(
    pod=PodSection(name="demo", workdir="/w"),
    model=ModelSection(ref="scripted/x", provider="scripted", name="x"),
    agent=AgentSection(driver="code"),
)


@pytest.fixture
def nothing_holds(monkeypatch):
    lacking = Feature(name="namespaces", works=False, detail="the kernel has none")
    report = Report(means=None, features=(lacking,), gaps=())
    monkeypatch.setattr(podd.sandbox.probe, "probe", lambda: report)


@pytest.mark.usefixtures("nothing_holds")
def test_code_that_nothing_would_hold_is_refused_with_the_reason():
    with pytest.raises(SandboxUnmetError, match="the kernel has none") as caught:
        check_sandbox(MANIFEST)

    assert 'agent.driver = "chat"' in caught.value.remedy


@pytest.mark.usefixtures("nothing_holds")
@pytest.mark.parametrize("mode", ["warn", "off"])
def test_other_modes_run_it(mode):
    scope = ScopeSection(mode=mode)

    check_sandbox(msgspec.structs.replace(MANIFEST, scope=scope))


@pytest.mark.usefixtures("nothing_holds")
def test_a_pod_that_only_chats_needs_nothing():
    check_sandbox(msgspec.structs.replace(MANIFEST, agent=AgentSection()))


def test_code_without_a_network_needs_a_machine_that_can_deny_it(monkeypatch):
    lacking = Feature(name="network", works=False, detail="no such namespace")
    report = Report(means="namespaces", features=(lacking,), gaps=())
    monkeypatch.setattr(podd.sandbox.probe, "probe", lambda: report)
    denied = SandboxSection(network="deny")

    check_sandbox(MANIFEST)
    with pytest.raises(SandboxUnmetError, match="no such namespace"):
        check_sandbox(msgspec.structs.replace(MANIFEST, sandbox=denied))
