"""Everything that takes flows, under every common check; see `flow_checks`."""

from __future__ import annotations

import math
from functools import cache

import polars as pl
import pytest
from catalogue_calls import ARGUMENTS, TWO, imports
from flow_checks import (
    DOORS,
    ENTRIES,
    EXEMPT,
    KINDS,
    NOT_SPOILED,
    PLAIN,
    PROBES,
    SECOND,
    SEED,
    SPOILED,
    WAYS,
    WIDE,
    Way,
    asked,
    beside_another,
    differing,
    options_of,
    second,
    through,
)

import exportlab as xl
from exportlab.errors import DataError, ExportlabError, OptionError
from exportlab.options import admits

pytestmark = pytest.mark.long
# Ways take turns: a main entry is put in one way of so many of each kind, in one at least; a further one in one of so
# many of all. The next entry is put in the next ones, and each in all under HYPOTHESIS_PROFILE=search.
MAIN, FURTHER = (1, 1) if WIDE else (8, 24)


def ways_of(name):
    """The ways of each kind in which an entry can be put: of all ways as one kind, for a further entry."""
    kinds = KINDS if ENTRIES[name].main else [WAYS]
    return [ways for kind in kinds if (ways := [way for way in kind if (name, way) not in EXEMPT])]


PAIRS = [
    (way, name)
    for n, (name, entry) in enumerate(ENTRIES.items())
    for ways in ways_of(name)
    for m, way in enumerate(ways)
    if (n + m) % min(len(ways), MAIN if entry.main else FURTHER) == 0
]
KIND_OF_SECOND = [
    (name, kind)
    for n, name in enumerate(n for n in ARGUMENTS if second(n))
    for m, kind in enumerate(SECOND)
    if WIDE or (n + m) % 2 == 0
]


@cache
def plain(name):
    return ENTRIES[name].rows(Way(through()))


@pytest.mark.grid(4)
@pytest.mark.parametrize(("way", "name"), PAIRS)
def test_the_same_meaning_is_the_same_number(way, name):
    assert not differing(plain(name), ENTRIES[name].rows(WAYS[way]), WAYS[way]), f"seed {SEED}"


@pytest.mark.skipif(WIDE, reason="of tables drawn anew some have nothing above a threshold")
def test_the_plain_table_says_something():
    """A check of nothing would pass: each entry has figures, and they are not all one."""
    for name in ENTRIES:
        figures = [f for row in plain(name).values() for f in row.values() if not math.isnan(f)]
        assert len(set(figures)) > 1 or (name.startswith("spells") and len(plain(name)) > 9), name


def test_another_table_gives_other_numbers():
    """What would agree with anything checks nothing."""
    moved = PLAIN.assign(
        value=PLAIN["value"].where(PLAIN["product"] != "0011", PLAIN["value"].to_numpy()[::-1] * 3)
    )
    other = Way(through(lambda t: pl.from_pandas(t.assign(value=moved["value"]))))
    same = [
        name for name, e in ENTRIES.items() if e.main and not differing(plain(name), e.rows(other), other)
    ]
    assert same == []


def test_every_indicator_is_asked_in_every_kind_of_way():
    assert {n for n, i in xl.CATALOGUE.items() if not i.is_distribution} == set(ARGUMENTS) <= set(ENTRIES)
    assert {way for way, _ in PAIRS} == set(WAYS)
    assert {name for _, name in PAIRS} == set(ENTRIES)
    assert all(
        {way for way, asked in PAIRS if asked == name} & set(kind)
        for name in ENTRIES
        for kind in ways_of(name)
    )
    assert {kind for _, kind in KIND_OF_SECOND} == set(SECOND)
    assert set(EXEMPT) <= {(name, way) for name in ENTRIES for way in WAYS}
    assert all(len(reason) > 20 for reason in (*EXEMPT.values(), *NOT_SPOILED.values()))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("fault", SPOILED)
def test_another_meaning_is_refused(fault, door):
    spoil, said, words = SPOILED[fault]
    if (door, fault) in NOT_SPOILED:
        xl.hhi(DOORS[door](spoil(PLAIN), **said), over="market")
        return
    with pytest.raises(DataError, match=words):
        xl.hhi(DOORS[door](spoil(PLAIN), **said), over="market")


@cache
def beside_plain(name):
    return beside_another(name, through())


@pytest.mark.grid(3)
@pytest.mark.parametrize(("name", "kind"), KIND_OF_SECOND)
def test_a_second_table_may_come_in_other_types(name, kind):
    assert not differing(beside_plain(name), beside_another(name, through(SECOND[kind])), Way(through()))


OWN_SHARES = ("vollrath", "michaely")  # of shares within each table, which have no unit


@pytest.mark.parametrize("name", TWO)
def test_two_tables_of_two_meanings_are_refused(name):
    exports = xl.flows(pl.from_pandas(PLAIN), unit="USD")
    months = imports(PLAIN).assign(period=lambda t: t["period"].astype(str) + "-01")
    other = xl.flows(pl.from_pandas(months), unit="USD")
    with pytest.raises(DataError, match="the exports have years and the imports months"):
        xl.CATALOGUE[name](exports, other, **ARGUMENTS[name])
    euros = xl.flows(pl.from_pandas(imports(PLAIN)), unit="EUR")
    if name in OWN_SHARES:
        assert len(xl.CATALOGUE[name](exports, euros, **ARGUMENTS[name]))
        return
    with pytest.raises(OptionError, match="exports are in 'USD' and imports in 'EUR'"):
        xl.CATALOGUE[name](exports, euros, **ARGUMENTS[name])


@pytest.fixture(scope="module")
def flows():
    return tuple(xl.flows(pl.from_pandas(t)) for t in (PLAIN, imports(PLAIN)))


@pytest.mark.parametrize("name", xl.CATALOGUE)
def test_options_at_their_limits(name, flows):
    """What an annotation does not allow is refused by the option's name; all else is a finite number or refused."""
    for option, hint in options_of(name).items():
        for value in PROBES:
            if not admits(value, hint):
                with pytest.raises(OptionError, match=f"{option}=.* is not allowed"):
                    asked(name, flows, **{option: value})
                continue
            try:
                made = asked(name, flows, **{option: value})
            except ExportlabError:
                continue
            figures = [c for c, kind in made.schema.items() if kind.is_float()]
            assert not any(math.isinf(f) for c in figures for f in made[c].to_list() if f is not None), (
                option,
                value,
            )
