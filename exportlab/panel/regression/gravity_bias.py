"""Bias of three-way PPML gravity and of its clustered errors: Weidner and Zylkin's corrections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import linalg

from exportlab.columns import in_time
from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array, Codes, Mask
from exportlab.options import Count, validated
from exportlab.panel.algebra.absorb import absorb
from exportlab.panel.algebra.levels import encode
from exportlab.panel.estimate import estimate_table
from exportlab.panel.regression.formula import Design
from exportlab.panel.regression.ppml import settled_fit

if TYPE_CHECKING:
    from exportlab.panel.regression.gravity_estimate import GravityEstimate, GravityModel

METHODS = ("analytical", "jackknife")
RANK = 1e-11  # an eigenvalue of the effects' Hessian this small beside the largest is none
EXACT = 1e-13  # relative residual of the absorption: the bias is a difference of terms that nearly cancel


@validated
def corrected(
    estimate: GravityEstimate, model: GravityModel, *, method: str, splits: Count, seed: int
) -> GravityEstimate:
    r"""The estimate less its bias, with standard errors corrected for leverage (Weidner and Zylkin 2021).

    With fitted means :math:`\lambda_{ij}` (T,), residuals :math:`S_{ij}`, regressors :math:`\tilde x_{ij}` purged of
    the effects by least squares with weights :math:`\lambda`, and
    :math:`H_{ij}=\mathrm{diag}(\lambda_{ij})-\lambda_{ij}\lambda_{ij}'/\sum_t\lambda_{ijt}`, the bias of three-way
    PPML is the inverse Hessian times

    .. math:: \frac{N}{N-1}\sum_i\Big\{-\mathrm{tr}\Big[\bar H_i^{+}\sum_j H_{ij}\tilde x_{ij}S_{ij}'\Big]
        +\tfrac12\mathrm{tr}\Big[G_i\bar H_i^{+}\Big(\sum_j S_{ij}S_{ij}'\Big)\bar H_i^{+}\Big]\Big\}

    and the same by importer, with :math:`\bar H_i=\sum_j H_{ij}` and G the third derivatives. In the covariance the
    middle becomes :math:`\sum\tilde x_{ij}'(I-L_{ij})^{-1}S_{ij}S_{ij}'\tilde x_{ij}`, L the leverage of the pair on
    coefficients and effects. Two-way PPML has no bias in the coefficients: errors alone change.

    Parameters
    ----------
    method : {"analytical", "jackknife"}
        "jackknife" takes :math:`2\hat\beta-\overline{\beta}` with the mean over quarters of the data: exporters and
        importers are halved at random `splits` times, and each half sells to each half. Its errors are the analytical
        ones: the draws tell nothing of them.
    splits : int
    seed : int

    Returns
    -------
    GravityEstimate
        ``parts["bias"]`` has ``term, uncorrected, bias, corrected, uncorrected_error, corrected_error``. The
        small-sample factor is that of the estimate: Stata's ``ppml_fe_bias`` prints ``small_sample="ppmlhdfe"``.

    Notes
    -----
    Exact leverage takes a pseudo-inverse of order 2NT: 650 for 65 countries and 5 periods. Pairs without any trade
    carry nothing and do not count. Scores of clusters are not kept, as the covariance is no product of them: bootstraps
    are of the uncorrected estimate.

    Raises
    ------
    OptionError
        Effects other than exporter(-period), importer(-period) and directed pair, errors not clustered by pair,
        weights, or a jackknife of a two-way equation, which has no bias to correct.
    DataError
        A pair that the coefficients and effects fit exactly, or a quarter of the data in which a term is not
        identified.

    References
    ----------
    Weidner and Zylkin (2021), Journal of International Economics 132, 103513; Czarnowske and Stammann (2022).
    """
    one_of("method", method, METHODS)
    _refuse_designs(estimate, model, method)
    flows = _Pairs.of(model)
    bread = np.linalg.inv(np.einsum("pt,ptk,ptl->kl", flows.mean, flows.x, flows.x))
    vcov = estimate.inference.factor * bread @ _middle(flows, bread, model.three_way) @ bread
    beta = estimate.table["estimate"].to_numpy(float)
    bias, how = np.zeros(len(beta)), "no bias of coefficients"
    if method == "jackknife":
        bias = np.mean([_quarters(model, half) for half in _halves(model, splits, seed)], axis=0) - beta
        how = f"split-panel jackknife, {splits} splits, seed {seed}"
    elif model.three_way:
        bias, how = bread @ (_toll(flows, flows.i) + _toll(flows, flows.j)), "analytical"
    return _restated(estimate, bias, vcov, how)


def _refuse_designs(estimate: GravityEstimate, model: GravityModel, method: str) -> None:
    model.require_structural("correct_bias()")
    d = model.settled.d
    if list(d.clusters) != ["pair"]:
        raise OptionError(
            f"correct_bias() after cluster={list(d.clusters) or None} is not allowed. Allowed: cluster='pair', which "
            "its errors are derived for."
        )
    if d.weights is not None:
        raise OptionError("correct_bias() after weights= is not allowed. Allowed: weights=None.")
    if method == "jackknife" and not model.three_way:
        raise OptionError(
            "method='jackknife' is not allowed without pair effects: two-way PPML has no bias of order 1/N. "
            "Allowed: 'analytical', for its errors."
        )
    if "bias" in estimate.parts:
        raise OptionError("The estimate has been corrected already: correct the one that gravity() returned.")


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Rows laid out as pairs by periods; a missing row has mean, residual and regressors zero, and adds nothing.

    Attributes
    ----------
    mean, residual : (P, T)
    x : (P, T, K) regressors purged of the effects
    i, j : (P,) codes of exporter and importer
    h : (P, T, T) the pair's Hessian in its effects of exporter and importer by period
    """

    mean: Array
    residual: Array
    x: Array
    i: Codes
    j: Codes
    h: Array

    @classmethod
    def of(cls, model: GravityModel) -> _Pairs:
        d, mu, roles = model.settled.d, model.settled.fit.mu, model.roles
        period = roles.get("period")
        t = np.zeros(len(mu), np.int64) if period is None else _periods(d, period)
        i, j = (encode(d.data[roles[role]]) for role in ("exporter", "importer"))
        pair = encode(d.data[[roles["exporter"], roles["importer"]]])
        first = np.unique(pair, return_index=True)[1]
        shape = len(first), int(t.max()) + 1
        mean, residual, x = np.zeros(shape), np.zeros(shape), np.zeros((*shape, d.x.shape[1]))
        mean[pair, t], residual[pair, t] = mu, d.y - mu
        x[pair, t] = absorb(d.x, d.effects, mu, tolerance=EXACT)
        h = mean[:, :, None] * np.eye(shape[1])
        if model.three_way:
            h -= mean[:, :, None] * mean[:, None, :] / mean.sum(axis=1)[:, None, None]
        return cls(mean, residual, x, i[first], j[first], h)


def _periods(d: Design, period: str) -> Codes:
    return np.unique(in_time(d.data[period], period), return_inverse=True)[1].astype(np.int64)


def _by(values: Array, codes: Codes) -> Array:
    """Sums of the pairs' arrays (P, ...) by exporter or importer."""
    out = np.zeros((int(codes.max()) + 1, *values.shape[1:]))
    np.add.at(out, codes, values)
    return out


def _toll(flows: _Pairs, codes: Codes) -> Array:
    """What the effects of one side cost the score of each coefficient, (K,)."""
    h, x, S = flows.h, flows.x, flows.residual
    inverse = np.linalg.pinv(_by(h, codes), rcond=RANK, hermitian=True)
    spread = inverse @ _by(S[:, :, None] * S[:, None, :], codes) @ inverse
    pull = _by(np.einsum("pst,ptk,pr->psrk", h, x, S), codes)
    bent = _by(np.einsum("pst,psk->pstk", h, x), codes)
    third = -(bent + bent.transpose(0, 2, 1, 3))
    each = -np.einsum("nrs,nsrk->nk", inverse, pull) + 0.5 * np.einsum("nstk,nts->nk", third, spread)
    n = len(each)
    return np.asarray(n / (n - 1) * each.sum(axis=0), float)


def _middle(flows: _Pairs, bread: Array, three_way: bool) -> Array:
    """The middle of the corrected covariance (K, K): each pair's score times its score without its own leverage."""
    x, S = flows.x, flows.residual
    cover = np.einsum("psk,kl,ptl->pst", x, bread, x) + _of_effects(flows)
    left = np.eye(x.shape[1]) - flows.h @ cover
    exact = np.linalg.cond(left) > 1 / RANK
    if exact.any():
        raise DataError(
            f"{int(exact.sum())} pair(s) are fitted exactly by a term or an effect that no other pair shares",
            "Their leverage is one, and nothing tells their error: leave out terms of a single pair and countries with "
            "a single partner.",
        )
    free = np.linalg.solve(left, S[:, :, None])[:, :, 0]
    made = np.einsum("ptk,pt,ps,psl->kl", x, free, S, x)
    return np.asarray((made + made.T) / 2, float)


def _of_effects(flows: _Pairs) -> Array:
    """Each pair's block d A^+ d' (P, T, T) of the pseudo-inverse of the Hessian in the effects by period."""
    h, i, j = flows.h, flows.i, flows.j
    T, m = h.shape[1], int(i.max()) + 1
    ends, count = (i, m + j), m + int(j.max()) + 1
    A = np.zeros((count, count, T, T))
    for a in ends:
        for b in ends:
            np.add.at(A, (a, b), h)
    inverse = linalg.pinvh(A.transpose(0, 2, 1, 3).reshape(count * T, count * T), rtol=RANK)
    blocks = inverse.reshape(count, T, count, T).transpose(0, 2, 1, 3)
    return np.asarray(sum(blocks[a, b] for a in ends for b in ends), float)


def _halves(model: GravityModel, splits: int, seed: int) -> list[tuple[Mask, Mask]]:
    """Random halves: for each split, whether a row's exporter and importer are in the first, each (n,)."""
    rng, data = np.random.default_rng(seed), model.settled.d.data
    columns = [data[model.roles[role]].to_numpy() for role in ("exporter", "importer")]
    out = []
    for _ in range(splits):
        sides = []
        for column in columns:
            labels, codes = np.unique(column, return_inverse=True)
            sides.append(rng.permutation(len(labels))[codes] < len(labels) // 2)
        out.append((sides[0], sides[1]))
    return out


def _quarters(model: GravityModel, half: tuple[Mask, Mask]) -> Array:
    """Mean of the coefficients (K,) over the four quarters."""
    d, ask, found = model.settled.d, model.ask, []
    for a in (True, False):
        for b in (True, False):
            rows = (half[0] == a) & (half[1] == b)
            try:
                found.append(settled_fit(d.keep(rows, "another quarter"), ask).fit.beta)
            except DataError as error:
                raise DataError(
                    f"A quarter of the data cannot be fitted: {error.problem}",
                    "Use method='analytical', or more countries on each side of every term.",
                ) from None
    return np.asarray(np.mean(found, axis=0), float)


def _restated(estimate: GravityEstimate, bias: Array, vcov: Array, how: str) -> GravityEstimate:
    """The estimate with its coefficients, covariance and what it says of them."""
    old = estimate.table
    inference = replace(estimate.inference, name=f"{estimate.inference.name}, corrected for leverage")
    beta = old["estimate"].to_numpy(float) - bias
    unsettled = np.isnan(np.diag(estimate.vcov))
    vcov = np.where(unsettled[:, None] | unsettled, np.nan, vcov)
    table = estimate_table(list(old["term"]), beta, vcov, inference, old["n"].to_numpy())
    bias_table = pd.DataFrame(
        {
            "term": old["term"],
            "uncorrected": old["estimate"],
            "bias": bias,
            "corrected": beta,
            "uncorrected_error": old["std_error"],
            "corrected_error": table["std_error"],
        }
    )
    notes = tuple(n for n in estimate.notes if "correct_bias()" not in n)
    return replace(
        estimate,
        method=f"{estimate.method}, bias-corrected",
        table=table,
        vcov=vcov,
        inference=inference,
        scores=None,
        clusters=(),
        regression=None,
        parts={**estimate.parts, "bias": bias_table},
        notes=(
            f"Corrected after Weidner and Zylkin (2021): {how}; errors for the leverage of each pair.",
            *notes,
        ),
    )
