"""Parents and children for tests: scripted pods in processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from podd.client.connection import PodConnection
from podd.client.discovery import find
from podd.launch.start import StartRequest, start
from podd.paths import Places
from podd_protocol.events import AnyEvent
from podd_protocol.requests import Run, Subscribe
from tests.launch.pods import LIMIT_SECONDS, resolved, subscribed, until, write_pod

#: What a child says that has nothing else to do.
SAID = "the child has done it"

#: Steps that begin at once: one outlasts every test, one ends soon.
ENDLESS = f'text = "{600 * "."}"\nstream = {{ chunk_chars = 1, delay_seconds = 0.1 }}'
SLOW = 'text = "slowly"\nstream = { chunk_chars = 1, delay_seconds = 0.05 }'


def call(tool: str, **arguments: object) -> str:
    """A step of a script that asks for one tool."""
    return calls((tool, arguments))


def calls(*wanted: tuple[str, dict[str, object]]) -> str:
    """A step that asks for several at once."""
    asked = "".join(
        f'[[step.call]]\ntool = "{tool}"\narguments = {_inline(arguments)}\n'
        for tool, arguments in wanted
    )
    return f'text = ""\n{asked}'


def says(text: str, more: str = "") -> str:
    """A step that ends a turn."""
    return f'text = "{text}"\n{more}'


def spawn(name: str, task: str = "do it", **more: object) -> str:
    """A step that starts the child `name`, which may write the directory `name`."""
    return call("spawn_pod", **spawned(name, task, **more))


def spawned(name: str, task: str = "do it", **more: object) -> dict[str, object]:
    """The arguments for that; its manifest is `child.toml` unless said otherwise."""
    return {
        "name": name,
        "task": task,
        "manifest": "child.toml",
        "scope": {"write": [name]},
        **more,
    }


def _inline(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return f"[{', '.join(map(_inline, value))}]"
        case dict():
            pairs = (f"{_inline(name)} = {_inline(one)}" for name, one in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case _:
            return str(value)


def write_child(
    directory: Path, *steps: str, name: str = "child", more: str = ""
) -> None:
    """Write a manifest for children into the parent's workdir."""
    work = directory / "work"
    work.mkdir(parents=True, exist_ok=True)
    script = "".join(f"[[step]]\n{step}\n" for step in steps or (says(SAID),))
    (work / f"{name}.script.toml").write_text(script, encoding="utf-8")
    (work / f"{name}.toml").write_text(
        f'[model]\nref = "scripted/child"\nscript = "{name}.script.toml"\n{more}',
        encoding="utf-8",
    )


class Parent:
    """A pod that has children, as a test sees it."""

    def __init__(self, places: Places, directory: Path, *steps: str, more: str = ""):
        """Write the pod `demo`; nothing runs yet."""
        self.places = places
        self.directory = directory
        self.file = write_pod(directory, *steps, more=more)
        self.session = ""

    def start(self, module: str = "podd.pod"):
        """Start it, or go on with its session."""
        if self.session:
            request = StartRequest(
                places=self.places, resolved=None, resume=self.session, module=module
            )
        else:
            given = resolved(self.places, self.file)
            request = StartRequest(places=self.places, resolved=given, module=module)
        self.pod = start(request)
        self.session = self.pod.session
        return self.pod

    def run(self, text: str = "go"):
        """Give it a turn; the events of it, up to its end."""
        with subscribed(self.pod, after=None) as connection:
            connection.ask(Run(id=0, input=text))
            return until(connection, "turn_ended")

    def follow(self, name: str, after: int = 0):
        """Events from `after` on, up to the first of this name."""
        with subscribed(self.pod, after=after) as connection:
            return until(connection, name)

    def path(self, *parts: str) -> Path:
        """Something in its workdir."""
        return (self.directory / "work").joinpath(*parts)


def named(events: list, name: str) -> list:
    """Those events that bear this name."""
    return [event for event in events if event.__struct_config__.tag == name]


def results(events: list) -> dict:
    """The results of calls, by call."""
    return {event.call: event for event in named(events, "tool_result")}


def pid_of(places, pod: str) -> int:
    return find(places, pod).pid


def followed(places, pod: str) -> PodConnection:
    """All that a pod has said and says."""
    connection = PodConnection.open(places.socket(pod))
    connection.ask(Subscribe(id=0, after=0))
    return connection


def of_kind(kind: type, journal: list) -> list:
    return [entry for entry in journal if isinstance(entry, kind)]


def wait_event(parent: Parent, wanted: Callable[[AnyEvent], bool]) -> list:
    """Events of the parent from the beginning, up to the first that is wanted."""
    found = []
    with subscribed(parent.pod) as connection:
        for heard in connection.events(timeout_seconds=LIMIT_SECONDS):
            found.append(heard.event)
            if wanted(heard.event):
                return found
    raise AssertionError(f"the parent ended: {found}")


def is_child_event(kind: str, pod: str = ""):
    def wanted(event) -> bool:
        is_one = event.__struct_config__.tag == "child_event" and event.kind == kind
        return is_one and pod in {"", event.pod}

    return wanted


def zombies(parent: int) -> list[int]:
    """Children of a process that nobody has reaped."""
    found = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        for pid in (task / "children").read_text(encoding="ascii").split():
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
            if stat.rpartition(") ")[2][0] == "Z":
                found.append(int(pid))
    return found
