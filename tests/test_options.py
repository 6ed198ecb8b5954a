"""Options are what their annotations say: the words, the checks, and that every public function is held to them."""

from __future__ import annotations

import importlib
import inspect
import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import pytest

import exportlab as xl
import exportlab.clusters
import exportlab.convergence
import exportlab.panel
import exportlab.risk
import exportlab.space
import exportlab.uncertainty
import exportlab.valueadded
from exportlab.errors import DataError, OptionError, UnknownName
from exportlab.indices.catalogue import CATALOGUE, declared
from exportlab.options import (
    Count,
    Finite,
    Freedom,
    Level,
    NotNegative,
    Order,
    Places,
    Positive,
    Share,
    Within,
    admits,
    check,
    hints_of,
    validated,
    words,
)
from exportlab.panel.did import EVENT_METHODS, METHODS, estimator

NEITHER = [
    "text",
    "",
    None,
    pd.NA,
    pd.NaT,
    float("nan"),
    [1],
    (1,),
    {"a": 1},
    1j,
    b"1",
    np.array([1]),
    object(),
]

KINDS: list[tuple[Any, str, list[Any], list[Any]]] = [
    (bool, "True or False", [True, np.True_], [0, 1, *NEITHER]),
    (int, "a whole number", [0, -3, np.int8(2), 10**30], [True, 2.0, np.float64(2), math.inf, *NEITHER]),
    (float, "a number", [0, -3, 2.5, np.float32(2), np.int64(2), math.inf], [True, *NEITHER]),
    (str, "text", ["", "a", np.str_("a")], [1, b"a", None, ["a"], pd.NA]),
    (Count, "a whole number, 1 or more", [1, 10**9], [0, -1, 1.0, *NEITHER]),
    (Places, "a whole number, 0 or more", [0, 1], [-1, 0.0, *NEITHER]),
    (Level, "a number between 0 and 1", [0.95, 1e-9], [0, 1, 95, -0.1, *NEITHER]),
    (Share, "a number from 0 to 1", [0, 1, 0.5], [-1e-9, 1.1, *NEITHER]),
    (Positive, "a number above 0, finite", [1e-9, 5], [0, math.inf, *NEITHER]),
    (NotNegative, "a number, 0 or more, finite", [0, 5], [-1, math.inf, *NEITHER]),
    (Order, "a number, 0 or more (infinity too)", [0, 5, math.inf], [-1, *NEITHER]),
    (Freedom, "a number above 0 (infinity too)", [3, math.inf], [0, *NEITHER]),
    (Finite, "a number, finite", [0, -5.5], [math.inf, -math.inf, *NEITHER]),
    (Annotated[int, Within(0, 10**7)], "a whole number from 0 to 10,000,000", [0, 10**7], [10**7 + 1, -1]),
    (Annotated[float, Within(0, 0.5, "[)")], "a number from 0 to below 0.5", [0, 0.4], [0.5, -0.1]),
    (Annotated[float, Within(0, 0.5, "(]")], "a number above 0 to 0.5", [0.5], [0]),
    (int | None, "a whole number or None", [None, 1], [1.5, "None", pd.NA]),
    (Literal["a", "b"], "'a', 'b'", ["a", np.str_("b")], ["c", None, ["a"], 1]),
    (Literal["a"] | float, "'a' or a number", ["a", 1.5], ["b", None]),
    (str | Sequence[str], "text or a list (of text)", ["a", ["a"], ("a",), np.array(["a"]), {"a"}, []],
     [1, ["a", 1], [None], {"a": 1}, None]),
    (Sequence[int], "a list (of a whole number)", [[1], range(3), np.array([1])], [1, "1", [1.5], [True], b"1"]),
    (Sequence[Any], "a list", [[1, "a"], pd.Series([1])], ["text", 5, {"a": 1}]),
    (Sequence[Hashable], "a list (of a label)", [["a", 1, None]], [[["a"]], [pd.NA], [math.nan], 6.5]),
    (Mapping[str, Count], "a mapping of text to a whole number, 1 or more", [{"a": 1}, {}, pd.Series({"a": 2})],
     [{"a": 0}, {1: 1}, {"a": None}, ["a"], "a", 2.5]),
    (tuple[int, int], "(a whole number, a whole number)", [(1, 2), [1, 2]], [(1,), (1, 2, 3), (1, 2.5), "ab", 1]),
    (int | np.random.Generator, "a whole number or Generator", [1, np.random.default_rng(1)], ["a", 1.5, None]),
    (Any, "anything", [1, None, "a", pd.NA], []),
]  # fmt: skip


@pytest.mark.parametrize(("hint", "said", "good", "bad"), KINDS, ids=[said for _, said, _, _ in KINDS])
def test_what_an_annotation_allows(hint, said, good, bad):
    assert str(words(hint)) == said
    for value in good:
        assert admits(value, hint), value
        check("option", value, hint)
    for value in bad:
        assert not admits(value, hint), value
        with pytest.raises(OptionError) as error:
            check("option", value, hint)
        assert f"is not allowed. Allowed: {said}." in str(error.value)


def test_near_words_are_offered():
    with pytest.raises(
        OptionError, match=r"form='balasa' is not allowed\. Allowed: .* Did you mean 'balassa'\?"
    ):
        check("form", "balasa", Literal["balassa", "rsca"] | None)
    with pytest.raises(OptionError) as error:
        check("form", "x" * 10_000, Literal["balassa"])
    assert len(str(error.value)) < 400


def test_a_function_is_held_to_its_annotations():
    @validated
    def function(
        table: Any, named: str, *more: int, k: Count = 1, other: pd.DataFrame | None = None, **rest: float
    ) -> int:
        """Say k."""
        return k

    assert function(1, "a", "b", "c", k=3) == 3
    assert (function.__name__, function.__doc__) == ("function", "Say k.")
    for wrong in ({"named": 5}, {"named": "a", "k": 0}, {"named": "a", "other": "frame"}):
        with pytest.raises(OptionError):
            function(1, **wrong)
    with pytest.raises(OptionError, match="named=5"):
        function(1, 5)
    with pytest.raises(TypeError):
        function()


def test_names_for_type_checkers_alone_are_left_to_the_function():
    from exportlab.panel.inference.multiple import with_bands

    assert set(hints_of(inspect.unwrap(with_bands))) >= {"draws", "rng"}


# Doors that say what they want in words of their own, tested where they stand.
OWN_WORDS = {
    "country",
    "flows",
    "members",
    "read_baci",
    "read_comtrade",
    "read_flows",
    "read_gacc",
    "report",
    "save_table",
    "typeset",
}


def public() -> list[Any]:
    """Every public function that has an option of a plain kind, and the estimators behind `PolicyPanel`'s verbs."""
    rooms = [xl, exportlab.clusters, exportlab.convergence, exportlab.panel, exportlab.risk, exportlab.space,
             exportlab.uncertainty, exportlab.valueadded]  # fmt: skip
    found = [(name, getattr(room, name)) for room in rooms for name in room.__all__]
    found += [(f"att {m}", estimator(m, "att")) for m in METHODS]
    found += [(f"event_study {m}", estimator(m, "event_study")) for m in EVENT_METHODS]
    places = {
        "did": "twfe.twfe dose.dose_response triple.triple_difference synthetic.synthetic_did "
        "synthetic.synthetic_control",
        "inference": "few_treated.few_clusters multiple.with_bands power.power",
    }
    for wing, names in places.items():
        for module, name in (place.split(".") for place in names.split()):
            found.append((name, getattr(importlib.import_module(f"exportlab.panel.{wing}.{module}"), name)))
    return [(n, f) for n, f in found if inspect.isfunction(f) and n not in OWN_WORDS]


@pytest.mark.parametrize(("name", "function"), public(), ids=[n for n, _ in public()])
def test_every_public_function_is_held_to_its_annotations(name, function):
    if name in CATALOGUE and CATALOGUE[name].is_distribution:
        assert CATALOGUE[name].declares  # its options go through `measure`
    else:
        assert getattr(function, "validated", False) or not hints_of(function)


# ---- the cases -------------------------------------------------------------------------------------------

FLOWS = xl.flows(
    pd.DataFrame({"year": 2020, "m": ["a", "b", "c"], "v": [1.0, 2.0, 3.0]}),
    period="year",
    market="m",
    value="v",
)
KNOWN = {"Japan": 50.0, "Korea": 30.0}


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"known": {"Japan": "x"}}, OptionError, "known=.* Allowed: a mapping of text to a number"),
        ({"known": {"Japan": pd.NA}}, OptionError, "known="),
        ({"known": ["Japan"]}, OptionError, "known="),
        ({"known": {"Japan": -1.0}}, DataError, "negative"),
        ({"known": {"Japan": math.inf}}, DataError, "infinite"),
        ({"total": "100"}, OptionError, "total='100' is not allowed. Allowed: a number"),
        ({"total": pd.NA}, OptionError, "total=<NA>"),
        ({"total": float("nan")}, OptionError, "total=nan"),
        ({"total": -1.0}, DataError, "total=-1"),
        (
            {"max_members": 2.5},
            OptionError,
            "max_members=2.5 is not allowed. Allowed: a whole number from 0 to 10",
        ),
        ({"max_members": "3"}, OptionError, "max_members='3'"),
        ({"max_members": 10**10}, OptionError, "max_members=10000000000"),
        ({"groups": 2.5}, OptionError, "groups=2.5 is not allowed. Allowed: a mapping"),
        ({"groups": {"Japan": 2.5}}, OptionError, "groups="),
        ({"groups": {"Japan": 0}}, OptionError, "groups="),
        ({"groups": {"Japan": 10**12}}, OptionError, "groups="),
        ({"groups": {"Peru": 2}}, UnknownName, "known member"),
        ({"largest": "yes"}, OptionError, "largest='yes' is not allowed. Allowed: True or False"),
        ({"known": {"Japan": 1e-9}, "total": 10.0, "largest": True}, DataError, "the rest is 1e.10 members"),
        ({"indicator": 5}, OptionError, "indicator=5"),
        ({"indicator": "cr", "k": "4"}, OptionError, "k='4' is not allowed"),
        ({"indicator": "cr", "k": 1.5}, OptionError, "k=1.5 is not allowed"),
        ({"indicator": "bloc_share", "bloc": 5}, OptionError, "bloc=5"),
        ({"indicator": "bloc_share", "bloc": "RCEP", "on": pd.NA}, OptionError, "on=<NA>"),
    ],
)
def test_bounds(options, error, said):
    with pytest.raises(error, match=said):
        xl.bounds(**{"indicator": "hhi", "known": KNOWN, "total": 100.0, **options})


def test_bounds_of_a_series_and_of_many_small_members():
    assert xl.bounds("hhi", pd.Series(KNOWN), 100.0).low == pytest.approx(0.34)
    many = xl.bounds("hhi", {"Japan": 1e-5}, 10.0, largest=True)
    assert (many.low, many.high) == (pytest.approx(1e-12), pytest.approx(1e-6))


@pytest.mark.parametrize(
    "universe",
    [6.5, float("nan"), pd.NA, True, "6", "obs", None, -1, 10**400, [["a"]], {"a": 1}, b"a", math.inf],
)
def test_a_universe_is_a_word_a_number_or_a_list(universe):
    for call in (
        lambda: xl.theil(FLOWS, over="market", universe=universe),
        lambda: xl.measure(FLOWS, ["hhi", "gini"], over="market", universe=universe),
        lambda: xl.interval(FLOWS, "theil", over="market", resample="market", universe=universe),
    ):
        with pytest.raises(
            OptionError, match="universe=.* is not allowed. Allowed: 'observed', 'active', a whole"
        ):
            call()


@pytest.mark.parametrize(
    "universe", [3, np.int64(3), list("abc"), tuple("abc"), set("abc"), np.array(list("abc"))]
)
def test_universes_that_are_one(universe):
    made = xl.theil(FLOWS, over="market", universe=universe)
    assert made["universe"][0] == 3
    assert made["theil"][0] == pytest.approx(np.log(3) + sum(s * np.log(s) for s in (1 / 6, 2 / 6, 3 / 6)))


@pytest.mark.parametrize("universe", [0, 2.5, "observed", None, True])
def test_a_universe_of_an_array(universe):
    with pytest.raises(OptionError, match="universe=.* is not allowed"):
        xl.evaluate("theil", [1.0, 2.0, 3.0], universe=universe)


_T = pd.DataFrame({"m": ["a", "b"], "v": [1.0, 2.0]})
_P = pd.DataFrame(
    [(u, t, u + t, 2.0 if u else np.nan) for u in (0, 1) for t in (1, 2, 3)], columns=["u", "t", "y", "g"]
)


def panel(**options: Any) -> exportlab.panel.PolicyPanel:
    return exportlab.panel.PolicyPanel(
        _P, **{"unit": "u", "period": "t", "outcome": "y", "adopted": "g", **options}
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: xl.flows(_T, market=["m"], value="v"), r"market=\['m'\] is not allowed. Allowed: text"),
        (lambda: xl.flows(_T, market="m", value=1.5), "value=1.5 is not allowed"),
        (lambda: xl.flows(_T, market="m", value="v", unit=5), "unit=5 is not allowed. Allowed: text or None"),
        (lambda: xl.flows(_T, market="m", value="v", keys=5), "keys=5 is not allowed"),
        (lambda: xl.flows(_T, market="m", value="v", keys=[None]), r"keys=\[None\] is not allowed"),
        (lambda: xl.measure(FLOWS, 5, over="market"), "names=5 is not allowed"),
        (lambda: xl.measure(FLOWS, {"a": ("hhi", 5)}, over="market"), "names=.* is not allowed"),
        (lambda: xl.hhi(FLOWS, over=5), "over=5 is not allowed"),
        (lambda: xl.hhi(FLOWS, over="market", by={"year": 1}), "by=.* is not allowed"),
        (
            lambda: xl.hhi(FLOWS, over="market", scale="x"),
            "scale='x' is not allowed. Allowed: a number, 0 or more",
        ),
        (lambda: xl.cells(FLOWS, 5), "roles=5 is not allowed"),
        (lambda: xl.hhi_change(FLOWS, lag=1.5), "lag=1.5 is not allowed. Allowed: a whole number, 1 or more"),
        (lambda: xl.hhi_change(FLOWS, lag=0), "lag=0 is not allowed"),
        (lambda: xl.rca(FLOWS, form=5), "form=5 is not allowed. Allowed: 'balassa'"),
        (lambda: xl.bloc_share(FLOWS, 5), "bloc=5 is not allowed"),
        (lambda: xl.complexity(FLOWS, steps=2.5), "steps=2.5 is not allowed"),
        (lambda: xl.complexity(FLOWS, measures="eci"), "measures='eci' is not allowed. Allowed: a list"),
        (lambda: xl.interval(FLOWS, "hhi", over="market", resample="market", draws=2.5), "draws=2.5"),
        (lambda: xl.interval(FLOWS, "hhi", over="market", resample="market", level="high"), "level='high'"),
        (
            lambda: xl.kaplan_meier([1, 2], level=95),
            "level=95 is not allowed. Allowed: a number between 0 and 1",
        ),
        (lambda: panel(covariates="y"), "covariates='y' is not allowed. Allowed: a list"),
        (lambda: panel(outcome=pd.NA), "outcome=<NA> is not allowed"),
        (
            lambda: panel().att(anticipation=1.5),
            "anticipation=1.5 is not allowed. Allowed: a whole number, 0 or more",
        ),
        (lambda: panel().att("imputation", level=95), "level=95 is not allowed"),
        (lambda: panel().att("stacked", window=(1.5, 2)), "window="),
        (lambda: panel().event_study("twfe", base="x"), "base='x' is not allowed"),
        (lambda: panel().event_study("imputation", leads=pd.NA), "leads=<NA> is not allowed"),
        (
            lambda: panel().synthetic_did(draws=19),
            "draws=19 is not allowed. Allowed: a whole number, 20 or more",
        ),
        (lambda: xl.ppml(_P, "y ~ t", level=None), "level=None is not allowed"),
        (lambda: xl.ppml(_P, "y ~ t", offset=5), "offset=5 is not allowed. Allowed: text or None"),
        (lambda: xl.gravity(_P, "y ~ t", exporter=["u"], importer="t"), "exporter="),
        (
            lambda: exportlab.panel.sup_t(np.eye(2), df=0),
            r"df=0 is not allowed. Allowed: a number above 0 \(infinity",
        ),
    ],
)
def test_options_that_cannot_be(call, said):
    with pytest.raises(OptionError, match=said):
        call()


def test_a_default_is_the_same_in_a_term_its_finish_and_its_thin_end():
    """Each of them is called with its own options, and the declaration keeps one of the defaults."""
    for entry in CATALOGUE.values():
        for function in (*entry.declares, *[entry.thin] * callable(entry.thin)):
            for name, default in declared(function).items():
                assert default == entry.options.get(name, default), (entry.name, name)
