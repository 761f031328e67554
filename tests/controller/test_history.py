"""The journal over the socket, page by page."""

from __future__ import annotations

from contextlib import asynccontextmanager

import msgspec
import pytest

from podd.controller import dispatch
from podd.testing.harness import PodHarness
from podd_protocol.requests import History, Notify


@asynccontextmanager
async def _long(directory):
    """A pod with entries, one of them larger, and a client of it."""
    async with PodHarness(directory) as pod:
        client = await pod.connect()
        await client.greet()
        for number in range(12):
            text = f"{number}" * (5_000 if number == 6 else 50)
            await client.ask(Notify(id=1, message=text, wake=False))
        yield pod, client


async def _pages(client, limit=None):
    pages = []
    after = 0
    while after is not None:
        page = await client.ask(History(id=len(pages), after=after, limit=limit))
        pages.append([bytes(line) for line in page.entries])
        after = page.next
    return pages


def _whole(pod):
    return [line.rstrip(b"\n") for line in pod.journal.lines]


async def test_pages_are_bounded_by_bytes_and_together_are_the_journal(
    short_directory, monkeypatch
):
    async with _long(short_directory) as (pod, client):
        monkeypatch.setattr(dispatch, "PAGE_BYTES", 2_000)

        pages = await _pages(client)

        assert [line for page in pages for line in page] == _whole(pod)
        assert len(pages) >= 4
        for page in pages:
            assert len(page) == 1 or sum(len(line) + 1 for line in page) <= 2_000
        assert any(len(page) == 1 and len(page[0]) > 5_000 for page in pages)


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_a_page_has_no_more_entries_than_asked_for(short_directory, limit):
    async with _long(short_directory) as (pod, client):
        pages = await _pages(client, limit)

        assert [line for page in pages for line in page] == _whole(pod)
        assert max(map(len, pages)) == min(limit, len(_whole(pod)))


@pytest.mark.parametrize("after", [-5, 0, 99])
async def test_whatever_is_asked_for_is_answered(short_directory, after):
    async with _long(short_directory) as (pod, client):
        page = await client.ask(History(id=1, after=after))

        assert len(page.entries) == (0 if after == 99 else len(_whole(pod)))
        assert page.next is None


async def test_a_limit_of_nothing_is_an_empty_page_that_goes_on(short_directory):
    async with _long(short_directory) as (_pod, client):
        page = await client.ask(History(id=1, limit=0))

        assert (page.entries, page.next) == ([], 0)


async def test_an_entry_that_fits_into_no_line_is_told_and_can_be_passed(
    short_directory, monkeypatch
):
    async with _long(short_directory) as (pod, client):
        monkeypatch.setattr(dispatch, "LINE_BYTES", 4_000)
        monkeypatch.setattr(dispatch, "PAGE_BYTES", 1_000)
        (large,) = [n for n, line in enumerate(_whole(pod), 1) if len(line) > 4_000]

        refused = await client.ask(History(id=1, after=large - 1))

        assert (refused.code, refused.data["n"]) == ("too_large", large)
        page = await client.ask(History(id=2, after=large))
        assert msgspec.json.decode(page.entries[0])["n"] == large + 1
