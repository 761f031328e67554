"""Changing the manifest of a living pod."""

from __future__ import annotations

import msgspec
import pytest

from podd.errors import DeniedError, ManifestError
from podd.manifest.configuring import LIMITS, Changes, configured
from podd.manifest.document import from_document, to_document
from podd.manifest.schema import LimitsSection

SERVER = (
    '[model]\nref = "openai_chat/m"\nbase_url = "http://127.0.0.1:1/v1"\n'
    'auth = { env = "MY_KEY" }\ncontext_window = 1000\ntemperature = 0.5\n'
)


@pytest.fixture
def change(desk):
    def _change(resolved, lender=None, **changes):
        return configured(
            resolved,
            Changes(**changes),
            lender=lender,
            places=desk.places,
            environment={"HOME": str(desk.directory)},
        )

    return _change


def test_what_is_not_named_stays_and_what_is_says_where_it_comes_from(desk, change):
    before = desk.text(SERVER)
    after = change(before, tools=("grep",), limits={"max_steps": 7, "pods": 0})

    assert after.manifest.tools.allow == ("grep",)
    assert (after.manifest.agent.max_steps, after.manifest.limits.pods) == (7, 0)
    assert after.manifest.model == before.manifest.model
    assert after.scope == before.scope
    assert after.origins["agent.max_steps"].layer == "configure"
    assert after.origins["limits.depth"].layer == "built-in"


def test_every_key_of_limits_and_the_steps_go_through_one_table():
    fields = {field.name for field in msgspec.structs.fields(LimitsSection)}

    assert set(LIMITS) == {"max_steps"} | fields


def test_a_manifest_that_was_configured_survives_its_document(desk, change):
    desk.write("s.toml", '[[step]]\ntext = "x"\n')
    scripted = desk.text('[model]\nref = "scripted/x"\nscript = "s.toml"\n')
    after = change(scripted, model="openai_chat/m", lender=None)
    child = change(after, limits={"depth": 1}, lender="p")

    for resolved in (after, child):
        document = msgspec.json.decode(msgspec.json.encode(to_document(resolved)))
        assert from_document(document) == msgspec.structs.replace(resolved, warnings=())
    assert child.given == after.manifest


def test_another_name_keeps_the_server_and_forgets_the_window(desk, change):
    model = change(desk.text(SERVER), model="openai_chat/other").manifest.model

    assert (model.ref, model.name) == ("openai_chat/other", "other")
    assert model.base_url == "http://127.0.0.1:1/v1"
    assert model.auth.env == "MY_KEY"
    assert model.context_window is None


def test_another_provider_gets_nothing_that_was_of_the_one_before(desk, change):
    desk.write("s.toml", '[[step]]\ntext = "x"\n')
    scripted = desk.text('[model]\nref = "scripted/x"\nscript = "s.toml"\n')
    chat = change(scripted, model="openai_chat/m")
    back = change(chat, model="scripted/x")

    assert chat.manifest.model.script is None
    assert (chat.manifest.model.base_url, chat.manifest.model.auth) == (None, None)
    assert back.manifest.model.script == scripted.manifest.model.script


def test_a_key_and_its_server_come_back_together(desk, change):
    desk.write("s.toml", '[[step]]\ntext = "x"\n')
    desk.user(
        '[model]\nref = "scripted/x"\nscript = "'
        + str(desk.directory / "s.toml")
        + '"\n'
    )
    before = desk.text(SERVER)
    scripted = change(before, model="scripted/x")
    back = change(scripted, model="openai_chat/m")

    assert scripted.manifest.model.auth is None
    assert scripted.manifest.model.base_url is None
    assert back.manifest.model == before.manifest.model


def test_the_users_layer_says_how_a_new_provider_is_reached(desk, change):
    desk.user(SERVER)
    desk.write("s.toml", '[[step]]\ntext = "x"\n')
    scripted = desk.text('[model]\nref = "scripted/x"\nscript = "s.toml"\n')

    model = change(scripted, model="openai_chat/n").manifest.model
    assert (model.base_url, model.name) == ("http://127.0.0.1:1/v1", "n")
    lent = change(scripted, lender=None, tools=("grep",))
    with pytest.raises(DeniedError, match="'p'"):
        change(lent, model="openai_chat/n", lender="p")


@pytest.mark.parametrize(
    ("changes", "key", "reason"),
    [
        ({"tools": ("grpe",)}, "tools.allow", "there is no tool 'grpe'"),
        ({"tools": ("grep", "grep")}, "tools.allow", "there twice"),
        ({"model": "openai/x"}, "model.ref", "there is no provider"),
        ({"model": "openai_chat"}, "model.ref", "is not PROVIDER/NAME"),
        ({"model": "scripted/x"}, "model.ref", "needs a script"),
        ({"instruction": "notes.md"}, "agent.instruction", "relative path"),
        ({"instruction": "/no/such"}, "agent.instruction", "cannot be read"),
        ({"instruction": "/tmp"}, "agent.instruction", "Is a directory"),
        ({"instruction": "/a\0b"}, "agent.instruction", "zero byte"),
        ({"instruction": " "}, "agent.instruction", "is empty"),
        ({"limits": {"max_steps": 0}}, "agent.max_steps", "at least 1"),
        ({"limits": {"max_steps": "7"}}, "agent.max_steps", "an integer"),
        ({"limits": {"max_steps": None}}, "agent.max_steps", "always has a value"),
        ({"limits": {"depth": -1}}, "limits.depth", "at least 0"),
        ({"limits": {"depth": None}}, "limits.depth", "always has a value"),
        ({"limits": {"pots": 3}}, "limits.pots", "unknown key"),
        ({"limits": {"pots": None}}, "limits.pots", "unknown key"),
        ({"limits": {"cost_usd": 0}}, "limits.cost_usd", "more than 0"),
        ({"limits": {"cost_usd": 3.0}}, "limits.cost_usd", "no known price"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(desk, change, changes, key, reason):
    resolved = desk.text(SERVER)

    with pytest.raises(ManifestError) as caught:
        change(resolved, **changes)

    assert caught.value.key == key
    assert reason in caught.value.reason


def test_a_child_may_be_narrowed_and_given_back_what_its_lender_gave(desk, change):
    child = desk.text(SERVER + '[tools]\nallow = ["grep", "glob"]\n')

    narrow = change(
        child, tools=("grep",), limits={"max_steps": 5, "pods": 1}, lender="p"
    )
    wide = change(
        narrow, tools=("grep", "glob"), limits={"max_steps": 50, "pods": 8}, lender="p"
    )

    assert narrow.manifest.tools.allow == ("grep",)
    assert wide.manifest.limits == child.manifest.limits


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"tools": ("grep", "bash")}, "tools.allow"),
        ({"limits": {"max_steps": 51}}, "agent.max_steps"),
        ({"limits": {"pods": 9}}, "limits.pods"),
        ({"limits": {"depth": 4}}, "limits.depth"),
    ],
)
def test_a_child_gets_no_more_than_its_lender_gave(desk, change, changes, key):
    child = desk.text(SERVER + '[tools]\nallow = ["grep", "glob"]\n')
    narrow = change(child, tools=("grep",), limits={"pods": 1}, lender="p")

    for resolved in (child, narrow):
        with pytest.raises(DeniedError) as caught:
            change(resolved, lender="p", **changes)
        assert "'p'" in str(caught.value)
        assert key in str(caught.value)
