"""The laws an index may obey, as checks on a function of member values; `catalogue.LAWS` says them in words."""

from __future__ import annotations

import math
import re

import numpy as np

import exportlab as xl

REL, ABS = 1e-9, 1e-10


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
    n = sum(v > 0 for v in values)
    low = bound(i.low, values, universe, options) if i.low else -math.inf
    high = bound(i.high, values, universe, options) if i.high else math.inf
    if name == "cr":
        low, high = min(low, 1.0), 1.0
    inside = math.isnan(got) or low - 1e-9 * max(1, abs(low)) <= got <= high + 1e-9 * max(1, abs(high))
    return inside and n > 0


def scale(name, values, universe, options):
    return close(
        call(name, [7.3 * v for v in values], universe, **options), call(name, values, universe, **options)
    )


def permutation(name, values, universe, options):
    turned = [*values[1:], values[0]][::-1]
    return close(call(name, turned, universe, **options), call(name, values, universe, **options))


def replication(name, values, universe, options):
    split = [v / 3 for v in values for _ in range(3)]
    return close(call(name, split, 3 * universe, **options), call(name, values, universe, **options))


def transfer(name, values, universe, options):
    """Half of the smallest positive value moves to the largest: the index moves the way it says, or stays."""
    positive = [v for v in values if v > 0]
    if len(positive) < 2:
        return True
    moved = list(values)
    low, high = moved.index(min(positive)), int(np.argmax(moved))
    if low == high:
        low = next(k for k, v in enumerate(moved) if v > 0 and k != high)
    results = []
    for part in (0.5, 1.0):
        after = list(moved)
        after[low], after[high] = moved[low] * (1 - part), moved[high] + part * moved[low]
        results.append(call(name, after, universe, **options) - call(name, values, universe, **options))
    sign = 1 if xl.CATALOGUE[name].rises_with == "concentration" else -1
    return all(math.isnan(d) or sign * d >= -1e-9 for d in results)


def empty(name, values, universe, options):
    return close(call(name, [*values, 0.0], universe, **options), call(name, values, universe, **options))


def additive(name, values, universe, options):
    """The indices of the members, each on its own, add up to the index of all."""
    alone = [call(name, [v], universe, **options) for v in values if v > 0]
    return close(math.fsum(alone), call(name, values, universe, **options))


CHECKS = {f.__name__: f for f in (bounds, scale, permutation, replication, transfer, empty, additive)}
