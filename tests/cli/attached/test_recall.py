"""What was typed before."""

from __future__ import annotations

from podd.cli.attached.recall import Recall


def test_one_goes_back_and_forth_and_keeps_what_was_being_typed():
    recall = Recall()
    for text in ("a", "b", "b"):
        recall.add(text)

    assert [recall.older("draft"), recall.older("b"), recall.older("a")] == [
        "b",
        "a",
        None,
    ]
    assert [recall.newer(), recall.newer(), recall.newer()] == ["b", "draft", None]


def test_what_is_sent_ends_the_looking():
    recall = Recall()
    recall.add("a")
    recall.add("b")
    recall.older("")
    recall.older("")
    recall.add("c")

    assert recall.older("") == "c"


def test_nothing_was_typed_yet():
    assert Recall().older("x") is None
    assert Recall().newer() is None
