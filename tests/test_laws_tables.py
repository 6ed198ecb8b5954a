"""Every law is decided for every indicator that is not a sum over one group's members: see docs/explain-laws.rst."""

from __future__ import annotations

import math
from functools import cache

import pytest
import tries
from catalogue_calls import ARGUMENTS, OPTIONS, world
from laws import counter_examples
from table_bounds import REACHED, TABLES, bounds, limits
from table_laws import CHANGES, Case, Transfer, by_member, moves, specimen, the_whole, transfers

import exportlab as xl
from exportlab.indices.catalogue import LAWS, NOT_APPLICABLE

LAWS_IN_TURN = list(LAWS)
CHECKS = {"bounds": bounds, **CHANGES}
KEPT = [row for row in counter_examples() if row["indicator"] in ARGUMENTS]
FAILS = {(Case(row["indicator"], row["option"]), row["law"]) for row in KEPT}
CASES = [Case(name, option) for name in ARGUMENTS for option in ("", *OPTIONS.get(name, ()))]
HOLDS = [(c, law) for c in CASES for law in LAWS if law in c.entry.laws and (c, law) not in FAILS]
WORLDS = {"first": world(11), "second": world(12), "wild": TABLES["wild"](), "specimen": specimen()}
SAMPLED = 5 if tries.SEARCHING else 3


@cache
def rows(case, table):
    return case.rows(WORLDS[table])


def tables(case, law):
    """Two worlds for bounds and where numbers are extreme; other laws and cases take turns with the worlds."""
    if law == "bounds":
        return ["first", "second", "wild"]
    turn = (CASES.index(case) + LAWS_IN_TURN.index(law)) % 2
    return ["first", "second"] if tries.SEARCHING else [("first", "second")[turn]]


@pytest.mark.grid(4)
@pytest.mark.parametrize(("case", "law"), [(c, law) for c, law in HOLDS if law != "transfer"], ids=str)
def test_a_declared_law_holds(case, law):
    for table in tables(case, law):
        assert any(math.isfinite(figures[case.figure]) for figures in rows(case, table).values())
        assert not list(CHECKS[law](case, WORLDS[table], rows(case, table)))


@pytest.mark.grid(3)
@pytest.mark.parametrize("case", [c for c, law in HOLDS if law == "transfer"], ids=str)
def test_transfers_move_it_one_way(case):
    sign = 1 if case.entry.rises_with.startswith("concentration") else -1
    all_of_them = list(transfers(case, WORLDS["second"]))
    for transfer in all_of_them[:: len(all_of_them) // SAMPLED | 1]:  # odd: halves of cells and whole ones
        for broken in moves(case, WORLDS["second"], rows(case, "second"), transfer):
            assert sign * (broken.after - broken.before) > 0


@pytest.mark.grid(3)
@pytest.mark.parametrize("kept", KEPT, ids=lambda r: f"{r['indicator']} {r['law']} {r['option']}".rstrip())
def test_a_law_fails_as_kept(kept):
    case, table = Case(kept["indicator"], kept["option"]), WORLDS["specimen"]
    if kept["law"] == "transfer":
        found = moves(case, table, rows(case, "specimen"), Transfer.read(kept["move"]))
    else:
        found = CHECKS[kept["law"]](case, table, rows(case, "specimen"))
    shown = [(b.where, b.column, f"{b.before:.4g}", f"{b.after:.4g}") for b in found]
    assert tuple(kept[c] for c in ("where", "figure", "before", "after")) in shown
    assert kept["before"] != kept["after"]


def test_transfers_fail_by_moving_it_both_ways():
    kept = [row for row in KEPT if row["law"] == "transfer"]
    for row in kept:
        assert row["move"] in map(str, transfers(Case(row["indicator"], row["option"]), WORLDS["specimen"]))
        own = [r for r in kept if r["indicator"] == row["indicator"]]
        rises = {float(r["after"]) > float(r["before"]) for r in own}
        assert rises == ({False} if row["option"] else {True, False})


def near(value, limit):
    return abs(value - limit) <= 1e-3 if math.isfinite(limit) else value * math.copysign(1, limit) > 100


@pytest.mark.parametrize("name", ARGUMENTS)
def test_bounds_are_reached(name):
    """To a thousandth; where there is none, a figure lies beyond a hundred."""
    reached = set()
    for at in REACHED.get(name, ("alike", "apart")):
        table, _, option = at.partition("; ")
        case, here = Case(name, option), TABLES[table]()
        for key, figures in case.rows(here).items():
            reached |= {
                k for k, limit in enumerate(limits(case, here, key)) if near(figures[case.figure], limit)
            }
    assert reached == {0, 1}


def test_no_law_is_undecided():
    fails = {(case.name, law) for case, law in FAILS if not case.option} | {
        (row["indicator"], row["law"]) for row in counter_examples() if not row["option"]
    }
    for name, entry in xl.CATALOGUE.items():
        assert entry.laws <= set(LAWS)
        for law in LAWS:
            ways = (law in entry.laws, (name, law) in fails, (name, law) in NOT_APPLICABLE)
            assert sum(ways) == 1, (
                f"{name}, {law}: holds, fails, cannot be stated: {ways}; exactly one is to be true"
            )
    assert {name for name, _ in NOT_APPLICABLE} <= set(xl.CATALOGUE)


def test_what_cannot_be_stated_cannot():
    """Transfers: the result has a row for each member (or class), or for each length of a spell."""
    for name, law in NOT_APPLICABLE:
        if law == "transfer" and name != "survival":
            assert by_member(Case(name), rows(Case(name), "first"))
    of_options = Case("diversification_potential")
    assert not the_whole(of_options, WORLDS["first"], rows(of_options, "first"))
    assert {name for name, law in NOT_APPLICABLE if law != "transfer"} == {"spells", of_options.name}
