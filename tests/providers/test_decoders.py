"""Every provider that asks a server has a way to read a recording of it."""

from __future__ import annotations

from typing import get_args

import pytest

from podd.providers.decoders import reading_of
from podd.providers.rejection import Rejection
from podd.providers.settings import ProviderName


@pytest.mark.parametrize("provider", sorted({*get_args(ProviderName)} - {"scripted"}))
def test_what_a_provider_answers_can_be_read(provider):
    reading = reading_of(provider)

    assert reading is not None
    assert not reading.decoder(100).is_whole
    error = reading.reject(Rejection(503, {}, b"busy", 0.0))
    assert (error.provider, error.fault) == (provider, "overloaded")


@pytest.mark.parametrize("provider", ["scripted", "oracle", ""])
def test_of_others_there_is_nothing_to_read(provider):
    assert reading_of(provider) is None
