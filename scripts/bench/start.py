"""Starting: the command line (G1), a pod until it answers (G2), memory when idle."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # -I leaves the script's folder out

from ratio import compare, show

from podd.client.connection import PodConnection
from podd.launch.start import Started, StartRequest, start
from podd.manifest.loading import load
from podd.manifest.request import LoadRequest
from podd.paths import Places
from podd_protocol.requests import Shutdown, Subscribe

#: Serves lines with what an asynchronous pod written in Python cannot do without.
YARDSTICK = """
import asyncio, msgspec, sys
class Hello(msgspec.Struct, tag_field="method", tag="hello"):
    id: int
class Welcome(msgspec.Struct, tag_field="reply", tag="welcome"):
    id: int
decoder, encoder = msgspec.json.Decoder(Hello), msgspec.json.Encoder()
class Serve(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data):
        for line in data.splitlines():
            reply = Welcome(decoder.decode(line).id)
            self.transport.write(encoder.encode(reply) + b"\\n")
async def main():
    server = await asyncio.get_running_loop().create_unix_server(Serve, sys.argv[1])
    async with server: await server.serve_forever()
asyncio.run(main())
"""


def run_to_end(*command: str, environment: dict[str, str] | None = None) -> float:
    before = time.perf_counter()
    nowhere = subprocess.DEVNULL
    subprocess.run(command, stdout=nowhere, stderr=nowhere, env=environment, check=True)
    return time.perf_counter() - before


def command_line(root: Path) -> None:
    environment = dict(os.environ) | {
        "PODD_RUNTIME_DIR": str(root / "run"),
        "PODD_STATE_DIR": str(root / "state"),
        "PODD_CONFIG_DIR": str(root / "config"),
    }
    podctl = (sys.executable, "-I", "-m", "podd.cli")

    def yardstick() -> float:
        return run_to_end(sys.executable, "-I", "-c", "import click, msgspec")

    show(
        [
            compare(
                f"G1 podctl {word}",
                "1.2",
                lambda word=word: run_to_end(*podctl, word, environment=environment),
                yardstick,
            )
            for word in ("--help", "list")
        ]
    )


def ready(root: Path) -> None:
    places = Places(root / "run", root / "state", root / "config")
    (root / "pod.toml").write_text(
        '[pod]\nname = "bench"\n[model]\nprovider = "scripted"\nname = "s"\n'
        'script = "s.toml"\n[scope]\nread = ["."]\nwrite = ["out"]\n',
        encoding="utf-8",
    )
    (root / "s.toml").write_text('[[step]]\ntext = "hi"\n', encoding="utf-8")
    request = LoadRequest(root / "pod.toml", [], root, os.environ, places)
    resolved = load(request)

    def pod() -> float:
        before = time.perf_counter()
        started = start(StartRequest(places=places, resolved=resolved))
        with PodConnection.open(Path(started.socket)) as connection:
            took = time.perf_counter() - before
            connection.ask(Shutdown(id=0, mode="now"))
        reap(started)
        return took

    def bare() -> float:
        path = root / "bare"
        path.unlink(missing_ok=True)
        before = time.perf_counter()
        server = subprocess.Popen([sys.executable, "-I", "-c", YARDSTICK, str(path)])
        while True:
            link = socket.socket(socket.AF_UNIX)
            try:
                link.connect(str(path))
                break
            except OSError:
                link.close()
                select.select([], [], [], 0.0005)
        link.sendall(b'{"method":"hello","id":1}\n')
        link.recv(100)
        took = time.perf_counter() - before
        link.close()
        server.send_signal(signal.SIGKILL)
        server.wait()
        return took

    show([compare("G2 exec'd pod answers hello", "1.3", pod, bare)])
    started = start(StartRequest(places=places, resolved=resolved))
    with PodConnection.open(Path(started.socket)) as connection:
        # Idle means that everything which a pod imports by itself is there.
        connection.ask(Subscribe(id=0, after=0, only=["surface_changed"]))
        next(connection.events(timeout_seconds=10.0))
        print(f"idle pod: {memory(started.pid)}\n")
        connection.ask(Shutdown(id=0, mode="now"))
    reap(started)


def reap(started: Started) -> None:
    os.waitpid(started.pid, 0)


def memory(pid: int) -> str:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    sizes = {
        line.split(":")[0]: int(line.split()[1]) / 1024
        for line in rollup.splitlines()
        if line.endswith("kB")
    }
    return f"PSS {sizes['Pss']:.1f} MiB, RSS {sizes['Rss']:.1f} MiB"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        command_line(Path(directory))
        ready(Path(directory))


main()
