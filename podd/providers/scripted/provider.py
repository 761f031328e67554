"""A script played as a provider: the object that the runtime holds."""

from __future__ import annotations

from contextlib import aclosing

from podd.core.context.request import ModelRequest
from podd.core.context.response import TextDelta
from podd.errors import ManifestError
from podd.providers.ports import Ports
from podd.providers.provider import Answer, OnRetry
from podd.providers.retrying import with_retries
from podd.providers.scripted.errors import exhausted, from_fail, without_result
from podd.providers.scripted.loading import load
from podd.providers.scripted.replay import replay
from podd.providers.scripted.request import Cue, cue_for
from podd.providers.scripted.stream import perform
from podd.providers.settings import ModelSettings


class Scripted:
    """A model that says what its script says."""

    def __init__(self, settings: ModelSettings, *, ports: Ports) -> None:
        """Read the script.

        Raises:
            NoSuchError: there is no such file.
            ManifestError: there is something wrong with it, or none is named.
        """
        if settings.script is None:
            raise ManifestError(
                path="manifest",
                key="model.script",
                reason="the scripted provider needs a script",
                hint='script = "demo.script.toml"',
            )
        self._settings = settings
        self._ports = ports
        self._script = load(settings.script)

    def stream(self, request: ModelRequest, on_retry: OnRetry) -> Answer:
        """Play the next step; see `Provider.stream`."""
        cue = cue_for(self._script, request)

        def start(attempt: int, _deadline: float) -> Answer:
            # A step that was asked for before, by a pod that was since restored, has
            # had its earlier tries.
            return self._play(cue, request, request.attempt - 1 + attempt)

        return with_retries(
            start, settings=self._settings, ports=self._ports, on_retry=on_retry
        )

    async def aclose(self) -> None:
        """Nothing is held."""

    async def _play(
        self, cue: Cue | None, request: ModelRequest, number: int
    ) -> Answer:
        if cue is None:
            raise exhausted(self._script)
        step = cue.step
        fails = step.fail is not None and (
            step.fail.times is None or number <= step.fail.times
        )
        await self._pause(step.delay_seconds)
        if step.recording is not None:
            recording = self._script.recordings[step.recording]
            pace = step.replay or "at_once"
            played = replay(recording, step.recording, pace=pace, ports=self._ports)
            async with aclosing(played) as answer:
                async for item in answer:
                    yield item
            return
        try:
            performance = perform(cue, request)
        except KeyError as error:
            label = str(error.args[0])
            raise without_result(self._script, cue.number, label) from error
        left = step.fail.after_chars if step.fail is not None and fails else None
        for delta in performance.deltas():
            if left is not None:
                if left <= 0 or not isinstance(delta, TextDelta):
                    break
                delta = TextDelta(delta.text[:left])  # noqa: PLW2901  # cut where it fails
                left -= len(delta.text)
            await self._pause(step.stream.delay_seconds)
            yield delta
        if step.fail is not None and fails:
            raise from_fail(step.fail, self._script, cue.number)
        yield performance.response(request)

    async def _pause(self, seconds: float) -> None:
        if seconds > 0:
            await self._ports.wait(seconds)
