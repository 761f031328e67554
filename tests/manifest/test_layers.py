from __future__ import annotations

from podd.manifest.resolved import Origin

MODEL = '[model]\nref = "openai_chat/m"\n'


def test_a_higher_layer_counts_and_says_where_it_stands(desk) -> None:
    user = desk.user(
        "[agent]\nmax_steps = 1\n[model]\ntemperature = 0.1\nmax_output_tokens = 5\n"
    )
    (desk.directory / "work").mkdir()
    project = desk.write(
        "work/.podd/manifest.toml",
        "[agent]\nmax_steps = 2\n[model]\ntemperature = 0.2\n",
    )
    file = desk.write(
        "pod.toml", MODEL + "[agent]\nmax_steps = 3\n[pod]\nworkdir = 'work'\n"
    )

    resolved = desk.load("pod.toml", "agent.max_steps=4")

    manifest, origins = resolved.manifest, resolved.origins
    assert manifest.agent.max_steps == 4
    assert origins["agent.max_steps"] == Origin(layer="--set")
    assert manifest.model.temperature == 0.2
    assert origins["model.temperature"] == Origin("project", str(project), 4)
    assert manifest.model.max_output_tokens == 5
    assert origins["model.max_output_tokens"] == Origin("user", str(user), 5)
    assert origins["model.ref"] == Origin("file", str(file), 2)
    assert origins["model.provider"] == Origin("file", str(file), 2)
    assert origins["model.name"] == Origin("file", str(file), 2)
    assert origins["pod.workdir"] == Origin("file", str(file), 6)
    assert origins["tools.output_bytes"] == Origin("built-in")


def test_every_value_has_an_origin_and_absent_ones_have_none(desk) -> None:
    resolved = desk.text(MODEL + "auth = { none = true }\n")
    assert set(resolved.origins) == {
        "pod.name",
        "pod.description",
        "pod.workdir",
        "model.ref",
        "model.provider",
        "model.name",
        "model.auth",
        "model.images",
        "model.timeouts.connect_seconds",
        "model.timeouts.first_byte_seconds",
        "model.timeouts.between_bytes_seconds",
        "model.timeouts.total_seconds",
        "model.retries.attempts",
        "model.retries.wait_seconds",
        "model.retries.broken_streams",
        "model.stop",
        "model.stream",
        "agent.instruction",
        "agent.driver",
        "agent.max_steps",
        "agent.trace",
        "agent.record",
        "agent.max_repairs",
        "scope.read",
        "scope.write",
        "scope.read_only",
        "scope.hidden",
        "scope.mode",
        "tools.allow",
        "tools.output_bytes",
        "sandbox.read",
        "sandbox.network",
        "sandbox.environment",
        "sandbox.require",
        "sandbox.processes",
        "sandbox.file_bytes",
        "sandbox.temporary_bytes",
        "permissions.default",
        "permissions.rules",
        "permissions.wait_seconds",
        "limits.pods",
        "limits.depth",
        "supervise.restart",
        "supervise.on_parent_end",
    }


def test_the_short_form_is_the_long_one(desk) -> None:
    short = desk.text("[pod]\nmodel = 'openai_chat/a/b'\n")
    long = desk.text("[model]\nref = 'openai_chat/a/b'\n")
    parts = desk.text("[model]\nprovider = 'openai_chat'\nname = 'a/b'\n")
    assert short.manifest == long.manifest == parts.manifest
    assert (short.manifest.model.provider, short.manifest.model.name) == (
        "openai_chat",
        "a/b",
    )
    assert short.origins["model.ref"].line == 2


def test_the_name_is_the_files_stem_unless_stated(desk) -> None:
    assert desk.text(MODEL).manifest.pod.name == "pod"
    assert desk.text(MODEL + "[pod]\nname = 'a.b-c_1'\n").manifest.pod.name == "a.b-c_1"


def test_the_other_layers_do_without_a_file(desk) -> None:
    desk.user(MODEL)

    resolved = desk.load(None, "pod.name=x")

    assert resolved.file is None
    assert resolved.manifest.pod.workdir == str(desk.directory)
    [error] = desk.check(None)
    assert error.key == "pod.name"


def test_an_error_in_the_users_layer_names_that_file(desk) -> None:
    user = desk.user("[agent]\nmax_step = 1\n")
    desk.write("pod.toml", MODEL + "x = 1\n")
    first, second = desk.check("pod.toml")
    assert (first.path, first.line, first.key) == (str(user), 2, "agent.max_step")
    assert second.key == "model.x"


def test_a_scope_replaces_the_whole_scope(desk) -> None:
    desk.user("[scope]\nwrite = ['u']\nhidden = ['h']\nmode = 'warn'\n")

    lower = desk.text(MODEL)
    higher = desk.text(MODEL + "[scope]\nwrite = ['f']\n")

    assert lower.scope.paths("write") == (f"{desk.directory}/u",)
    assert lower.scope.mode == "warn"
    assert lower.warnings == ()
    assert higher.scope.paths("write") == (f"{desk.directory}/f",)
    assert higher.scope.paths("hidden") == ()
    assert higher.scope.mode == "enforce"
    assert higher.origins["scope.hidden"] == Origin(layer="built-in")
    assert higher.origins["scope.write"].layer == "file"
    assert len(higher.warnings) == 1


def test_an_empty_scope_section_states_a_scope(desk) -> None:
    desk.user("[scope]\nwrite = ['u']\n")
    assert desk.text(MODEL + "[scope]\n").scope.paths("write") == ()


def test_another_provider_leaves_nothing_of_the_connection(desk) -> None:
    desk.user(
        "[model]\nref = 'openai_chat/m'\nbase_url = 'http://h/v1'\n"
        "auth = { env = 'K' }\ncontext_window = 9\ntemperature = 0.5\n"
    )
    desk.write("a.script.toml", "")

    model = desk.text(
        "[model]\nref = 'scripted/demo'\nscript = 'a.script.toml'\n"
    ).manifest.model

    assert (model.base_url, model.auth, model.context_window) == (None, None, None)
    assert model.temperature == 0.5


def test_another_model_of_one_provider_stays_at_its_server(desk) -> None:
    text = MODEL + "base_url = 'http://h/v1'\nauth = { env = 'K' }\n"

    model = desk.text(text, "model.ref=openai_chat/other").manifest.model

    assert model.name == "other"
    assert model.ref == "openai_chat/other"
    assert model.base_url == "http://h/v1"
    assert model.auth is not None


def test_a_users_server_does_not_stand_in_the_way_of_a_script(desk) -> None:
    desk.user("[model]\nbase_url = 'http://h/v1'\nauth = { env = 'K' }\n")
    desk.write("a.script.toml", "")

    chat = desk.text(MODEL).manifest.model
    scripted = desk.text("[model]\nref='scripted/x'\nscript='a.script.toml'\n")

    assert chat.base_url == "http://h/v1"
    assert chat.auth is not None
    assert scripted.manifest.model.base_url is None
    assert scripted.manifest.model.auth is None


def test_auth_is_replaced_whole(desk) -> None:
    desk.user("[model]\nauth = { env = 'K' }\n")
    auth = desk.text(MODEL + "auth = { file = 'key' }\n").manifest.model.auth
    assert auth is not None
    assert (auth.env, auth.file) == (None, f"{desk.directory}/key")


def test_limits_of_tools_merge_key_by_key(desk) -> None:
    desk.user("[tools.per_tool.grep]\noutput_bytes = 100\ntimeout_seconds = 1\n")
    tools = desk.text(
        MODEL + "[tools.per_tool]\ngrep.timeout_seconds = 2\nglob.output_bytes = 64\n"
    ).manifest.tools
    assert tools.per_tool["grep"].output_bytes == 100
    assert tools.per_tool["grep"].timeout_seconds == 2.0
    assert tools.per_tool["glob"].output_bytes == 64


def test_paths_start_at_the_file_that_states_them(desk) -> None:
    desk.user("[agent]\ninstruction = 'told.md'\n")
    told = desk.places.configuration / "told.md"
    told.write_text("x", encoding="utf-8")
    desk.write("sub/work/.keep", "")
    desk.write("sub/demo.script.toml", "")
    desk.write(
        "sub/pod.toml",
        "[pod]\nworkdir = './work/../work'\n"
        "[model]\nref = 'scripted/x'\nscript = 'demo.script.toml'\n"
        "[scope]\nwrite = ['../out', '/abs/./x', '~/in-home']\n",
    )

    resolved = desk.load("sub/pod.toml")

    sub = desk.directory / "sub"
    assert resolved.manifest.pod.workdir == f"{sub}/work"
    assert resolved.manifest.model.script == f"{sub}/demo.script.toml"
    assert resolved.manifest.agent.instruction == str(told)
    assert resolved.scope.paths("write") == (
        f"{sub}/out",
        "/abs/x",
        f"{desk.directory}/home/in-home",
    )


def test_without_a_workdir_it_is_where_the_file_lies(desk) -> None:
    desk.write("sub/pod.toml", MODEL)
    assert desk.load("sub/pod.toml").manifest.pod.workdir == f"{desk.directory}/sub"


def test_an_empty_input_takes_back_a_lower_one(desk) -> None:
    text = MODEL + "[agent]\ninput = 'go'\n"
    assert desk.text(text).manifest.agent.input == "go"
    assert desk.text(text, 'agent.input=""').manifest.agent.input is None


def test_a_script_gives_its_model_a_name(desk) -> None:
    desk.write("demo.script.toml", "")
    model = desk.text(
        "[model]\nprovider = 'scripted'\nscript = 'demo.script.toml'\n"
    ).manifest.model
    assert model.ref == "scripted/demo"
