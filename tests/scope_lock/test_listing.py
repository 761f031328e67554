from __future__ import annotations

import msgspec

from podd.core.scope.rules import Rule
from podd.scope_lock.listing import Lent, allocations, holders_of, live_pods
from podd.scope_lock.reclaim import reclaim


def test_the_dead_are_listed_as_such_until_they_are_reclaimed(table, take, work):
    take("b", ("write", work / "b")).life.close()
    take("a", ("write", work / "a"))
    assert [(v.pod, v.alive) for v in allocations(table)] == [("a", True), ("b", False)]
    assert live_pods(table) == ("a",)
    (freed,) = reclaim(table)
    assert (freed.pod, freed.session) == ("b", "session-b")
    assert [v.pod for v in allocations(table)] == ["a"]
    assert reclaim(table) == ()


def test_reclaiming_without_a_table_makes_none(table):
    assert reclaim(table) == ()
    assert not table.places.runtime.exists()


def test_reclaiming_sweeps_life_files_that_belong_to_nobody(table, take, work):
    kept = take("a", ("write", work))
    stray = table.places.life_directory / "stray"
    stray.touch()
    assert reclaim(table) == ()
    assert not stray.exists()
    assert kept.life.path.exists()


def test_a_path_has_one_writer_and_its_readers(table, take, work):
    take("w", ("write", work / "w"), ("hidden", work / "w" / "no"))
    take("r", ("read", work))
    take("dead", ("read", work)).life.close()
    (work / "link").symlink_to(work / "w")
    found = holders_of(table, str(work / "link" / "x"))
    assert found.path == str(work / "w" / "x")
    assert found.writer.pod == "w"
    assert found.writer.rule == Rule(str(work / "w"), "write")
    assert [holder.pod for holder in found.readers] == ["r"]
    assert holders_of(table, str(work / "w" / "no")).writer is None
    assert holders_of(table, "/nowhere").readers == ()


def test_of_several_writers_the_one_that_arbitrates_is_the_writer(table, take, work):
    take("a", ("write", work), mode="off")
    take("b", ("write", work), mode="enforce")
    found = holders_of(table, str(work))
    assert [(h.pod, h.mode) for h in found.writers] == [("b", "enforce"), ("a", "off")]


def test_loans_are_listed_on_both_sides(table, pod, child, work):
    p = pod("p", ("write", work))
    a = child(p, "p.a", ("write", work / "a"), ("read", work))
    b = child(a, "p.a.b", ("write", work / "a" / "b"))
    views = {view.pod: view for view in allocations(table)}
    assert {name: view.parent for name, view in views.items()} == {
        "p": None,
        "p.a": "p",
        "p.a.b": "p.a",
    }
    assert views["p"].lent == (Lent("p.a", a.scope.rules),)
    assert views["p.a"].lent == (Lent("p.a.b", b.scope.rules),)
    assert views["p.a.b"].lent == ()
    assert views["p"].rules == p.scope.rules


def test_the_dead_lend_nothing_and_have_nothing_lent(table, pod, child, work):
    p = pod("p", ("write", work))
    a = child(p, "p.a", ("write", work / "a"))
    child(a, "p.a.b", ("write", work / "a" / "b"))
    a.life.close()
    views = {view.pod: view for view in allocations(table)}
    assert views["p"].lent == ()
    assert views["p.a.b"].parent is None
    assert holders_of(table, str(work / "a" / "b")).writer.lent_by is None


def test_the_writer_of_what_is_lent_is_the_borrower_and_the_lender_reads(
    table, pod, child, work
):
    p = pod("p", ("write", work))
    a = child(p, "p.a", ("write", work / "a"))
    child(a, "p.a.b", ("write", work / "a" / "b"))
    found = holders_of(table, str(work / "a" / "x"))
    assert [(h.pod, h.lent_by) for h in found.writers] == [("p.a", "p")]
    assert [(h.pod, h.lent_by) for h in found.readers] == [("p", None)]
    deep = holders_of(table, str(work / "a" / "b"))
    assert [(h.pod, h.lent_by) for h in deep.writers] == [("p.a.b", "p.a")]
    assert [h.pod for h in deep.readers] == ["p", "p.a"]
    assert holders_of(table, str(work / "c")).writer.pod == "p"
    a.life.close()
    assert holders_of(table, str(work / "a" / "x")).writer.pod == "p"


def test_a_listing_can_be_written_as_json(table, take, work):
    take("a", ("write", work))
    document = msgspec.json.decode(msgspec.json.encode(allocations(table)))
    assert document[0]["rules"] == [
        {"path": str(work), "access": "write", "recursive": True}
    ]
    assert document[0]["parent"] is None
