"""The table of main arguments is what the tools take."""

from __future__ import annotations

import msgspec

from podd.manifest.vocabulary import TOOLS
from podd.policy.main_argument import MAIN_ARGUMENT
from podd.tools import catalog

#: Without anything that a rule could be about.
WITHOUT = {"list_pods"}


def test_every_tool_has_its_main_argument() -> None:
    assert set(MAIN_ARGUMENT) | WITHOUT == set(TOOLS.built)


def test_a_main_argument_is_one_that_the_tool_takes() -> None:
    for name, main in MAIN_ARGUMENT.items():
        fields = {
            field.name: field
            for field in msgspec.structs.fields(catalog.TOOLS[name].arguments)
        }
        assert main.name in fields, name
        assert not main.below or main.below in fields, name
        field = fields[main.name]
        assert field.required or field.default == main.default, name


def test_the_page_lists_them(pytestconfig) -> None:
    page = (pytestconfig.rootpath / "docs/manifest.md").read_text("utf-8")
    _, _, table = page.partition("What `match` is compared with:")
    table = table.partition("**Paths**")[0]
    for name, main in MAIN_ARGUMENT.items():
        line = next(x for x in table.splitlines() if f"`{name}`" in x)
        assert f"`{main.name}`" in line
