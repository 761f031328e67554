"""What a provider cannot do is refused by its name, before anything is sent."""

from __future__ import annotations

from typing import get_args

import pytest

from podd.core.context.conversation import (
    DocumentPart,
    ImagePart,
    ToolResultItem,
    UserItem,
)
from podd.core.context.request import (
    ModelRequest,
    NamedTool,
    Sampling,
    Surface,
    ToolSpec,
)
from podd.errors import ProviderError
from podd.providers.capabilities import Capability, check_options, checked
from podd.providers.encoded_items import EncodedItems

ALL = frozenset(get_args(Capability))
PICTURE = ImagePart("image/png", "AAAA")
TOOL = ToolSpec("grep", "Search.", {})


def _ask(*items, tools=(), choice="auto", **sampling):
    surface = Surface("m", "", tools, Sampling(**sampling))
    return ModelRequest(surface, items or (UserItem("hi"),), choice)


NEEDS = {
    "tools": _ask(tools=(TOOL,)),
    "tool_choice": _ask(choice="required"),
    "named_tool": _ask(choice=NamedTool("grep")),
    "images": _ask(UserItem("x", parts=(PICTURE,))),
    "image_urls": _ask(UserItem("x", parts=(ImagePart(url="http://h/x.png"),))),
    "tool_result_images": _ask(
        ToolResultItem("t", "grep", "ok", "x", images=(PICTURE,))
    ),
    "documents": _ask(UserItem("x", parts=(DocumentPart("application/pdf", "AA"),))),
    "temperature": _ask(temperature=0.0),
    "top_p": _ask(top_p=0.5),
    "top_k": _ask(top_k=1),
    "stop": _ask(stop=("END",)),
    "reasoning_effort": _ask(effort="low"),
    "reasoning_budget": _ask(budget_tokens=1000),
    "output_schema": _ask(output_schema={}),
}


def _look(request, has):
    """As a provider does, before it sends anything."""
    check_options(request, "p", has)
    for item in request.items:
        checked(lambda shown: shown, "p", has)(item)


@pytest.mark.parametrize("needed", sorted(ALL))
def test_what_is_not_there_is_refused_by_its_name(needed):
    _look(NEEDS[needed], ALL)
    with pytest.raises(ProviderError) as caught:
        _look(NEEDS[needed], ALL - {needed})

    assert caught.value.fault == "unsupported"
    assert needed in caught.value.message


def test_a_plain_request_needs_nothing():
    _look(_ask(), frozenset())


ITEMS = ("images", "image_urls", "tool_result_images", "documents")


@pytest.mark.parametrize("needed", ITEMS)
def test_an_item_is_held_against_them_once_and_the_options_each_time(needed):
    request = NEEDS[needed]
    has = ALL - {needed}
    looked = []

    def encode(item):
        looked.append(item)
        return item

    kept = EncodedItems(checked(encode, "p", has))
    plain = (UserItem("before"),)

    check_options(request, "p", has)
    assert list(kept.of(plain)) == list(plain)
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            kept.of((*plain, *request.items))
        assert (caught.value.fault, needed in caught.value.message) == (
            "unsupported",
            True,
        )
    assert looked == list(plain), "what is refused is not written"
    assert list(kept.of(plain)) == looked
