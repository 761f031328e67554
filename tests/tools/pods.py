"""A stand-in for what looks after children: answers as told, and remembers."""

from podd.errors import NoSuchError
from podd.tools.ports import PodOutput, SentMessage, SpawnedPod, StoppedPod


class PlayedPods:
    def __init__(self, *, answer=None, lines=()):
        self.answer = answer
        self.lines = lines
        self.asked = []

    def _answer(self, *asked):
        self.asked.append(asked)
        if isinstance(self.answer, BaseException):
            raise self.answer
        if self.answer is None:
            raise NoSuchError(what="pod", name=asked[0])
        return self.answer

    async def spawn(self, call, asked) -> SpawnedPod:
        return self._answer(call, asked)

    async def send(self, call, name, message) -> SentMessage:
        return self._answer(call, name, message)

    async def output(self, name, after) -> PodOutput:
        return self._answer(name, after)

    async def stop(self, name, *, now) -> StoppedPod:
        return self._answer(name, now)

    async def list(self):
        return self.lines
