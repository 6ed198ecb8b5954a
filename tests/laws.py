"""The laws of an index of a distribution: each yields the pairs of numbers that break it.

`catalogue.LAWS` says them in words; `table_laws` has the same for two-way tables.
"""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

import numpy as np

import exportlab as xl

REL, ABS = 1e-9, 1e-10


def counter_examples():
    """The kept counter-examples: where (the members' values, or a row of the specimen), what it should be and is."""
    with Path(__file__).with_name("counter_examples.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def call(name, values, universe, **options):
    return float(xl.evaluate(name, values, universe=universe, **options))


def close(a, b):
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=REL, abs_tol=ABS)


def bound(text, values, universe, options):
    """A declared bound as a number."""
    source = (
        re.sub(r"\\sqrt\{(\w)\}", r"sqrt(\1)", text).replace(r"\ln n", "log(n)").replace(r"\ln N", "log(N)")
    )
    n = sum(v > 0 for v in values)
    scope = {"n": n, "N": universe, "sqrt": math.sqrt, "log": math.log, **options}
    return float(eval(source, {"__builtins__": {}, "min": min}, scope))


def bounds(name, values, universe, options):
    i = xl.CATALOGUE[name]
    got = call(name, values, universe, **options)
    low = bound(i.low, values, universe, options) if i.low else -math.inf
    high = bound(i.high, values, universe, options) if i.high else math.inf
    if name == "cr":
        low, high = min(low, 1.0), 1.0
    if got < low - 1e-9 * max(1, abs(low)):
        yield low, got
    if got > high + 1e-9 * max(1, abs(high)):
        yield high, got


def _changed(name, values, universe, options, *, to, places=None):
    """The index before and after, where the two differ."""
    before, after = call(name, values, universe, **options), call(name, to, places or universe, **options)
    if not close(before, after):
        yield before, after


def scale(name, values, universe, options):
    yield from _changed(name, values, universe, options, to=[7.3 * v for v in values])


def permutation(name, values, universe, options):
    yield from _changed(name, values, universe, options, to=[*values[1:], values[0]][::-1])


def replication(name, values, universe, options):
    split = [v / 3 for v in values for _ in range(3)]
    yield from _changed(name, values, universe, options, to=split, places=3 * universe)


def empty(name, values, universe, options):
    yield from _changed(name, values, universe, options, to=[*values, 0.0])


def transfer(name, values, universe, options):
    """Half of the smallest positive value moves to the largest, then all of it: the index moves as it says or stays."""
    positive = [v for v in values if v > 0]
    if len(positive) < 2:
        return
    low, high = values.index(min(positive)), int(np.argmax(values))
    if low == high:
        low = next(k for k, v in enumerate(values) if v > 0 and k != high)
    before = call(name, values, universe, **options)
    sign = 1 if xl.CATALOGUE[name].rises_with == "concentration" else -1
    for part in (0.5, 1.0):
        moved = list(values)
        moved[low], moved[high] = values[low] * (1 - part), values[high] + part * values[low]
        after = call(name, moved, universe, **options)
        if sign * (after - before) < -1e-9:
            yield before, after


def additive(name, values, universe, options):
    """The indices of the members, each on its own, add up to the index of all."""
    whole = call(name, values, universe, **options)
    alone = math.fsum(call(name, [v], universe, **options) for v in values if v > 0)
    if not close(whole, alone):
        yield whole, alone


CHECKS = {f.__name__: f for f in (bounds, scale, permutation, replication, transfer, empty, additive)}
