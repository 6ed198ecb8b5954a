r"""Months that follow on each other are not independent: blocks of them are drawn, of random length.

The stationary bootstrap (Politis and Romano 1994) begins a new block after each period with probability 1/b, at a
period drawn at random, and goes round from the last to the first. Its mean length b is the rule of Politis and White
(2004), as Patton, Politis and White (2009) corrected it, for the influences of the periods on the index:

.. math:: b = (2 G^2 / D)^{1/3} n^{1/3}, \quad G = \sum_k \lambda(k/M) |k| R(k), \quad D = 2 g(0)^2, \quad
   g(0) = \sum_k \lambda(k/M) R(k)

with autocovariances R, the flat-top window :math:`\lambda` and M twice the lag beyond which none is significant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from exportlab.errors import DataError, OptionError
from exportlab.flow_table import Flows
from exportlab.frames import Array
from exportlab.uncertainty.nesting import Unit, in_time
from exportlab.uncertainty.sample import Sample, jackknife
from exportlab.words import said

Blocks: TypeAlias = Callable[[Sample, Sequence[tuple[Any, ...]]], Sample]
SIGNIFICANT = 2.0  # of sqrt(log10(n)/n), Politis and White's c
DRAWN_IN_BLOCKS = ("percentile", "basic")


def blocked(flows: Flows, drawn: tuple[Unit, ...], method: str, block: Any) -> Blocks:
    """What makes a sample of these units, in their order, one that is drawn in blocks, where they are asked for."""
    if block is None:
        return lambda sample, units: sample
    _check(flows, drawn, method, block)
    return lambda sample, units: in_blocks(sample, in_time(flows, units), block)


def _check(flows: Flows, drawn: tuple[Unit, ...], method: str, block: Any) -> None:
    """Refuse blocks of what has no order in time, and methods that take periods as independent."""
    if block != "auto" and block < 1:
        raise OptionError(
            said("block={block} is not a length in periods: 1 or more, or 'auto'.", block=repr(block))
        )
    if len(drawn) != 1 or drawn[0].role != "period" or drawn[0].group is not None:
        raise OptionError(said("block= draws runs of periods: say resample='period'."))
    flows.calendar.require_order(said("a block bootstrap"))
    if method not in DRAWN_IN_BLOCKS:
        raise OptionError(
            said(
                "method={method} takes periods as independent: with block= say method='basic'.",
                method=repr(method),
            )
        )


def in_blocks(sample: Sample, order: Array, block: Any) -> Sample:
    """The sample drawn in blocks of so many periods, or of as many as its influences ask for."""
    length = block_length(sample, order) if block == "auto" else float(block)
    if length > sample.units / 3:
        raise DataError(
            said(
                "blocks of {length} periods are more than a third of {units}",
                length=f"{length:g}",
                units=sample.units,
            ),
            said("There are too few of them to draw from: shorten block=, or bring more periods."),
        )
    return replace(sample, blocks=((order, length),))


def block_length(sample: Sample, order: Array) -> float:
    """The mean length of blocks for an index of several values: the longest that one of them asks for."""
    values = jackknife(sample) if sample.influence is None else sample.influence(np.ones(sample.units))
    series = np.empty_like(values)
    series[order] = values
    return max(automatic(x) for x in series.T)


def automatic(series: Array) -> float:
    """Politis and White's (2004) length for the stationary bootstrap of a mean, between 1 and n/3 or 3 sqrt(n)."""
    n = series.size
    x = series - series.mean()
    if not np.isfinite(x).all() or float(x @ x) <= 0:
        return 1.0
    covariance = np.array([float(x[: n - k] @ x[k:]) for k in range(n)])  # times n, which drops out
    run = max(5, int(np.ceil(np.sqrt(np.log10(n)))))
    small = np.abs(covariance / covariance[0]) < SIGNIFICANT * np.sqrt(np.log10(n) / n)
    most = min(int(np.ceil(np.sqrt(n))) + run, n - 1)
    quiet = [m for m in range(most) if small[m + 1 : m + 1 + run].all()]
    lag = min(2 * max(quiet[0] if quiet else most, 1), most)
    k = np.arange(1, lag + 1)
    window = np.clip(2 * (1 - k / lag), 0, 1)
    at_nought = covariance[0] + 2 * float((window * covariance[1 : lag + 1]).sum())
    bend = 2 * float((window * k * covariance[1 : lag + 1]).sum())
    if at_nought <= 0:
        return 1.0
    length = (bend**2 / at_nought**2) ** (1 / 3) * n ** (1 / 3)
    return float(np.clip(length, 1, min(3 * np.sqrt(n), n / 3)))
