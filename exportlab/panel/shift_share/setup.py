"""The rows of one regression of a design: shares, controls and exposure as arrays, and what they allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.columns import real
from exportlab.errors import DataError, UnknownName
from exportlab.frames import Array, Codes
from exportlab.panel.algebra.levels import absorbed_parameters, encode
from exportlab.panel.algebra.sandwich import freedom
from exportlab.panel.regression.formula import Design, Roles
from exportlab.panel.shift_share.algebra import Controls, Shares, regressed
from exportlab.panel.shift_share.exposure import Exposure, Names

Sums: TypeAlias = Literal["auto", "once", "by_period", "omit"]
ABSORBED = 1e-7  # of a variable's deviation: what controls leave of it, below which they absorb it
ROUNDING = 1e-12  # of a variable's size: what the sum of shares times one shock leaves of a constant
SPANNED = 0.9  # of the exposure's variation: what the shares must span of it for AKM errors


@dataclass(frozen=True)
class Asked:
    """What was said at the door beside the tables."""

    names: Names
    controls: str
    roles: Roles
    sector_cluster: str | Mapping[Any, Any] | None
    shock_controls: tuple[str, ...]
    sum_of_shares: Sums
    missing: str

    def sums(self, dated: bool) -> Sums:
        """Which sums of shares are controlled for, shocks being by period or not."""
        if self.sum_of_shares != "auto":
            return self.sum_of_shares
        return "by_period" if dated else "once"

    @property
    def cluster_name(self) -> str:
        """What shocks are clustered by, in words."""
        if isinstance(self.sector_cluster, str):
            return self.sector_cluster
        return "shock" if self.sector_cluster is None else f"cluster of {self.names.sector}"


@dataclass(frozen=True, eq=False)
class Setup:
    """The rows that one regression uses.

    Attributes
    ----------
    d : checked arrays of the table, in ``d.x`` the location-level controls and last the exposure
    shares, controls : what is projected on
    x : (n,) exposure, controls partialled out
    g : (S,) shocks less their regression on shock-level controls
    s : (S,) importance of each shock: its weighted mean share, adding up to one
    shocks : (S) rows of the table of shocks that some row is exposed to
    codes : (S,) clusters of shocks
    Q : (S, k) shock-level controls, which the location-level controls have times the shares
    common : whether all units have the same shocks
    """

    d: Design
    w: Array
    shares: Shares
    controls: Controls
    x: Array
    g: Array
    s: Array
    shocks: pd.DataFrame
    codes: Codes
    Q: Array
    common: bool

    @property
    def parameters(self) -> int:
        """Controls and effects, and the treatment."""
        return int(self.controls.basis.shape[1]) + absorbed_parameters(self.d.effects) + 1

    @cached_property
    def loadings(self) -> Array:
        """(S,) coefficients of the exposure, controls partialled out, on the shares."""
        return self.shares.loadings(self.x[:, None])[:, 0]

    @cached_property
    def spanned(self) -> float:
        """The part of that exposure's variation that the shares span."""
        fitted = self.shares.W @ self.loadings
        return float(np.sum(self.w * fitted**2) / np.sum(self.w * self.x**2))

    @cached_property
    def vanishing(self) -> str:
        """Why AKM errors are none here; empty where they are some."""
        n, S = self.shares.W.shape
        if not self.shares.told_apart:
            return f"{S:,} shocks cannot be told apart on {n:,} rows: their shares have rank {self.shares.rank:,}"
        if self.spanned < SPANNED:
            return (
                f"the shares span {self.spanned:.0%} of what controls and effects leave of the exposure: with so "
                "many of them AKM errors shrink towards nothing"
            )
        return ""

    @property
    def effective(self) -> float:
        """The effective number of clusters of shocks, 1 over the sum of their squared importance."""
        return float(1 / np.sum(np.bincount(self.codes, weights=self.s) ** 2))

    def partialled(self, v: Array, what: str) -> Array:
        """A variable (n,) less its regression on the controls, which must leave something."""
        return partialled(self.controls, self.w, v, what)


def partialled(controls: Controls, w: Array, v: Array, what: str) -> Array:
    """A variable (n,) less its regression on the controls, which must leave something."""
    left = controls.residual(v[:, None])[:, 0]
    spread = np.sqrt(np.sum(w * (v - np.average(v, weights=w)) ** 2))
    rounding = np.abs(left).max() <= ROUNDING * np.abs(v).max()
    if rounding or np.sqrt(np.sum(w * left**2)) <= ABSORBED * spread:
        raise DataError(
            f"{what} has no variation left beside controls and effects",
            "Use fewer of them, or shares or shocks that differ within them.",
        )
    return left


def settle(d: Design, exposure: Exposure, asked: Asked) -> Setup:
    """The arrays of the rows of a checked table, its controls those of the formula and of the shocks."""
    rows = d.data.index.to_numpy(np.int64)
    w = np.ones(len(rows)) if d.weights is None else d.weights
    W = exposure.W[rows]
    live = W.any(axis=0)
    shocks, W = exposure.shocks.iloc[np.flatnonzero(live)].reset_index(drop=True), W[:, live]
    Q = shock_controls(shocks, exposure.dated, asked)
    controls = Controls.of(np.column_stack([d.x[:, :-1], W @ Q]), d.effects, w)
    s = w @ W / np.sum(w @ W)
    made = Setup(
        d=d,
        w=w,
        shares=Shares(W, w),
        controls=controls,
        x=partialled(controls, w, d.x[:, -1], "the exposure"),
        g=regressed(exposure.g[live][:, None], Q, s)[:, 0],
        s=s,
        shocks=shocks,
        codes=clusters(shocks, asked),
        Q=Q,
        common=exposure.common,
    )
    freedom(len(rows), made.parameters)
    return made


def shock_controls(shocks: pd.DataFrame, dated: bool, asked: Asked) -> Array:
    """Shock-level controls (S, k): one for all shocks or for each period's, and columns of the table of shocks."""
    sums = asked.sums(dated)
    columns: list[Array] = []
    if sums == "once":
        columns.append(np.ones(len(shocks)))
    elif sums == "by_period":
        code = encode(shocks[asked.names.period])
        columns += list(np.equal.outer(np.arange(int(code.max()) + 1), code).astype(float))
    columns += [_number(shocks, c) for c in asked.shock_controls]
    return np.column_stack(columns) if columns else np.empty((len(shocks), 0))


def _number(shocks: pd.DataFrame, column: str) -> Array:
    if column not in shocks.columns:
        raise UnknownName("column of the shocks", column, [str(c) for c in shocks.columns])
    values = real(shocks, column)
    if not np.isfinite(values).all():
        raise DataError(
            f"the shock-level control {column!r} is missing or infinite",
            "Give each shock a finite number.",
            rows=int((~np.isfinite(values)).sum()),
        )
    return values


def clusters(shocks: pd.DataFrame, asked: Asked) -> Codes:
    """Clusters of the shocks (S,): each its own, or by a column of their table, or by a mapping of sectors."""
    by = asked.sector_cluster
    if by is None:
        return np.arange(len(shocks))
    if isinstance(by, str):
        if by not in shocks.columns:
            raise UnknownName("column of the shocks", by, [str(c) for c in shocks.columns])
        labels: Sequence[Any] = list(shocks[by])
    else:
        labels = [by.get(s) for s in shocks[asked.names.sector]]
    bare = pd.isna(pd.Series(labels, dtype=object)).to_numpy()
    if bare.any():
        raise DataError(
            "a sector has no cluster",
            "Name one for each sector that has a share.",
            rows=int(bare.sum()),
            first=str(shocks[asked.names.sector].iloc[int(bare.argmax())]),
        )
    return encode(pd.Series(labels, dtype=object))
