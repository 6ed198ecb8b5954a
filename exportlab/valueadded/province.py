"""A province's exports, from a competitive table: its own value added, other provinces', the world's.

Balance by product: x = Z1 + F + e + o - m - n + error, with e exports abroad 出口, o outflow to other
provinces 调出, m imports 进口, n inflow 调入; q = absorption. Of each product used inside the province a
part mu is imported, a part nu comes from other provinces, the rest is local.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from exportlab.errors import DataError, OptionError, one_of
from exportlab.frames import Array
from exportlab.results import Result
from exportlab.valueadded.cells import Column, vector, worst
from exportlab.valueadded.footprints import intensity
from exportlab.valueadded.leontief import leontief_inverse
from exportlab.valueadded.national import content_table
from exportlab.words import said

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from exportlab.valueadded.iotable import IOTable

PARTS = ("province", "imported", "other_provinces", "tax")


@dataclass(frozen=True, repr=False, eq=False)
class ProvinceContent(Result):
    """What a province's exports are made of.

    Attributes
    ----------
    table : DataFrame
        By exporting sector, in `unit`: `exports` and its parts `province`, `imported`,
        `other_provinces`, `tax`, which add up to it; `passing_through`, the part of the imported and
        other-province content that is re-exported as it came; `national`, China's value added by the
        two-tier rule (NaN without `national=`); the parts as shares.
    origin : DataFrame
        `sector` and `value_added`: the province's value added by the sector that earned it.
    coefficients : DataFrame
        By sector: `mu`, `nu` (shares of intermediate use), `v`, and the multipliers `province`,
        `imported`, `other_provinces`, `tax` of one unit of local output shipped.
    rule : str
        How imports and inflow were spread over uses, and what was done about transit.
    discrepancy : float
        Sum of the table's statistical error.
    """

    table: pd.DataFrame
    origin: pd.DataFrame
    coefficients: pd.DataFrame
    unit: str
    rule: str
    discrepancy: float
    source: str = ""

    @property
    def title(self) -> str:
        s = self.shares
        return (
            f"Of {self.table['exports'].sum():,.6g} {self.unit} shipped: {s['province']:.1%} the province's "
            f"value added, {s['other_provinces']:.1%} from other provinces, {s['imported']:.1%} imports, "
            f"{s['tax']:.1%} product taxes ({self.rule})"
        )

    @property
    def shares(self) -> pd.Series:
        """The parts (and `national`) as shares of all exports."""
        total = self.table["exports"].sum()
        sums = self.table[[*PARTS, "national", "passing_through"]].sum(skipna=False)
        return sums / (total if total else np.nan)

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Stacked bars by exporting sector; options as in `plots.valueadded.content_bars`."""
        from exportlab.plots.valueadded import content_bars

        return content_bars(self.table, ax=ax, **{"source": self.source or None, **options})


def province(
    t: IOTable,
    *,
    of: Literal["exports", "outflow"] | Column = "exports",
    intermediate_imports: Column | None = None,
    national: Column | None = None,
    transit: Transit = "refuse",
    error: Literal["final", "separate"] = "final",
) -> ProvinceContent:
    r"""Province value added, other provinces' content and import content of a province's shipments.

    Parameters
    ----------
    t : IOTable
        Competitive, n sectors, with imports and inflow as columns.
    of : {"exports", "outflow"} or n numbers
        What is decomposed: exports abroad, outflow to other provinces, or given shipments.
    intermediate_imports : n numbers, optional
        Imports used as intermediates, as the Broad Economic Categories sort the customs records; the
        other imports go to final use and inflow to what is left of both. By default imports and inflow
        supply every use in the same proportion.
    national : n numbers, optional
        Domestic value-added multipliers of the rest of the country (or the country), which turn other
        provinces' content into national value added: v L e + m_nat A^N L e.
    transit : {"refuse", "total_supply", "remove"}
        What to do where imports and inflow exceed absorption (mu + nu > 1), as for crude oil landed in
        one province for others. "total_supply": imports and inflow supply exports and outflow in the
        same proportion as all other uses, mu' = m / (x + m + n), for every product. "remove": only the
        surplus is taken as re-exported, off imports and inflow (in proportion) and off exports and
        outflow (in proportion).
    error : {"final", "separate"}
        The table's statistical error counts as final use, or stays out of absorption.

    Returns
    -------
    ProvinceContent
        PVA = v L f e, import content = 1'A^M L f e + through_m'e, other provinces' = 1'A^N L f e +
        through_n'e with A^M = mu^ A, A^N = nu^ A, L = (I - (I - mu^ - nu^) A)^-1 and f = 1 - through_m -
        through_n (f = 1 without re-exports).

    Raises
    ------
    DataError
        The table is not competitive, or has neither imports nor inflow (all content would be local by
        construction); mu + nu > 1 under "refuse"; more intermediate imports than imports.
    OptionError
        "total_supply" together with `intermediate_imports`: the first spreads imports over all uses.

    Notes
    -----
    "Value added of the province" is not "domestic value added": other provinces' content is Chinese too,
    save for the imports in it. The proportional rule overstates import content where imports are final
    goods.
    """
    one_of("transit", transit, ["refuse", "total_supply", "remove"])
    one_of("error", error, ["final", "separate"])
    _refuse_raw(t)
    ship = _shipments(t, of)
    F = t.F.sum(axis=1) + (t.error if error == "final" else 0.0)
    given = (
        None
        if intermediate_imports is None
        else vector(intermediate_imports, t.sectors, "intermediate_imports")
    )
    where = proportional(t, F, transit) if given is None else by_use(t, F, given, transit)
    how = "proportional" if given is None else "by use of imports"
    m_nat = None if national is None else vector(national, t.sectors, "national")
    return _content(t, ship, where, m_nat, f"{how}, transit: {transit}")


def province_bounds(
    t: IOTable,
    *,
    of: Literal["exports", "outflow"] | Column = "exports",
    error: str = "final",
    satellite: str | Column | None = None,
) -> pd.DataFrame:
    """How far the unknown use of imports and inflow moves the decomposition.

    Parameters
    ----------
    satellite : str or Series, optional
        A row of `t.satellites` (employment, CO2 ...), or one number a sector: its content of the province, per unit
        shipped, is bounded in place of value added.

    Returns
    -------
    DataFrame of three rows
        `measure` (province, imported, other_provinces), `low`, `high` as shares of shipments; of a satellite the one
        row `province`, in its unit per unit shipped.

    Notes
    -----
    From all imports and inflow used as intermediates (as far as intermediate use goes) to all of them in
    final use (as far as final use goes). Each bound is attained: the province's content falls in mu + nu,
    import content rises in mu and falls in nu, so the corners are the extremes. The use of a product's
    imports is taken to be the same in every using sector.

    Raises
    ------
    DataError
        As `province` with transit="refuse".
    """
    one_of("error", error, ["final", "separate"])
    _refuse_raw(t)
    if satellite is not None:
        t = replace(t, va=_no_removals(t, intensity(t, satellite)) * t.x)
    ship = _shipments(t, of)
    F = t.F.sum(axis=1) + (t.error if error == "final" else 0.0)
    proportional(t, F, "refuse")
    use, final = t.Z.sum(axis=1), np.maximum(F, 0.0)

    def corner(first: Array, second: Array, most: bool) -> tuple[Array, Array]:
        """Intermediate use of the first source at its most or least, of the second against it."""
        a = np.minimum(first, use) if most else np.maximum(first - final, 0.0)
        room = np.maximum(final - (first - a), 0.0)
        b = np.maximum(second - room, 0.0) if most else np.minimum(second, use - a)
        return a, b

    def share(m_int: Array, n_int: Array, part: str) -> float:
        zero = np.zeros_like(use)
        where = Origins(per(m_int, use), per(n_int, use), zero, zero)
        return float(_content(t, ship, where, None, "").shares[part])

    both = np.minimum(t.m + t.inflow, use), np.maximum(t.m + t.inflow - final, 0.0)
    none = np.zeros_like(use)
    rows = [("province", share(both[0], none, "province"), share(both[1], none, "province"))]
    if satellite is not None:
        return pd.DataFrame(rows, columns=["measure", "low", "high"])
    low, high = corner(t.m, t.inflow, False), corner(t.m, t.inflow, True)
    rows.append(("imported", share(*low, "imported"), share(*high, "imported")))
    low, high = corner(t.inflow, t.m, False), corner(t.inflow, t.m, True)
    part = "other_provinces"
    rows.append((part, share(low[1], low[0], part), share(high[1], high[0], part)))
    return pd.DataFrame(rows, columns=["measure", "low", "high"])


def _no_removals(t: IOTable, f: Array) -> Array:
    """The satellite per unit of output; refuses negative ones, whose content need not fall as imports rise."""
    if (f < 0).any():
        raise DataError(
            said("The satellite is negative"),
            said("Bounds hold for numbers of zero or more."),
            rows=int((f < 0).sum()),
            first=worst(-f, t.sectors, 1),
        )
    return f


def _content(t: IOTable, ship: Array, where: Origins, national: Array | None, rule: str) -> ProvinceContent:
    L = leontief_inverse((1 - where.mu - where.nu)[:, None] * t.A)
    multiplier = {
        "province": t.v @ L,
        "imported": where.mu @ t.A @ L,
        "other_provinces": where.nu @ t.A @ L,
        "tax": t.tau @ L,
    }
    local = (1 - where.through_m - where.through_n) * ship
    parts = {name: row * local for name, row in multiplier.items()}
    parts["imported"] = parts["imported"] + where.through_m * ship
    parts["other_provinces"] = parts["other_provinces"] + where.through_n * ship
    table = content_table(t.sectors, ship, parts)
    table.insert(6, "passing_through", ship - local)
    nation = np.full_like(ship, np.nan)
    if national is not None:
        nation = (
            parts["province"] + (national * where.nu) @ t.A @ L * local + national * where.through_n * ship
        )
    table.insert(7, "national", nation)
    return ProvinceContent(
        table=table,
        origin=pd.DataFrame({"sector": t.sectors, "value_added": t.v * (L @ local)}),
        coefficients=pd.DataFrame(
            {"sector": t.sectors, "mu": where.mu, "nu": where.nu, "v": t.v, **multiplier}
        ),
        unit=t.unit,
        rule=rule,
        discrepancy=float(t.error.sum()),
        source=t.source,
    )


def _shipments(t: IOTable, of: Literal["exports", "outflow"] | Column) -> Array:
    if isinstance(of, str):
        one_of("of", of, ["exports", "outflow"])
        return t.e if of == "exports" else t.o
    ship = vector(of, t.sectors, "of")
    if (ship < 0).any():
        raise DataError(
            said("Shipments are negative"),
            said("Give numbers of zero or more."),
            rows=int((ship < 0).sum()),
            first=worst(-ship, t.sectors, 1),
        )
    return ship


def _refuse_raw(t: IOTable) -> None:
    if t.kind != "competitive":
        raise DataError(
            said("This table tells domestic inputs from imported ones already"),
            said(
                "Use domestic_content(...); province(...) takes a competitive table with imports and inflow."
            ),
        )
    if not (t.m.any() or t.inflow.any()):
        raise DataError(
            said(
                "The table has neither imports nor inflow: with the raw coefficients v(I - A)^-1 is 1 for every "
                "sector, so the province's content would be 100 % by construction"
            ),
            said("Pass imports= 进口 and inflow= 调入 with the table."),
        )


# Where the products used in a province come from: shares mu (imports) and nu (other provinces).

Transit: TypeAlias = Literal["refuse", "total_supply", "remove"]


@dataclass(frozen=True)
class Origins:
    """Shares of intermediate use (mu, nu), and of shipments passing through (m, n), by product."""

    mu: Array
    nu: Array
    through_m: Array
    through_n: Array


def proportional(t: IOTable, F: Array, transit: Transit) -> Origins:
    """Imports and inflow supply every use in the same proportion."""
    q, m, n = t.Z.sum(axis=1) + F, t.m, t.inflow
    zero = np.zeros_like(q)
    if transit == "total_supply":
        supply = t.x + m + n
        mu, nu = per(m, supply), per(n, supply)
        return Origins(mu, nu, mu, nu)
    surplus = _surplus(t, m + n - q, q, transit)
    kept = 1 - per(surplus, m + n)
    gone = per(surplus, t.e + t.o)
    to_m = per(m, m + n)
    return Origins(
        per(m * kept, q, zero),
        per(n * kept, q, zero),
        gone * to_m,
        gone * np.where(m + n > 0, 1 - to_m, 0.0),
    )


def by_use(t: IOTable, F: Array, m_int: Array, transit: Transit) -> Origins:
    """Imports go to their use by BEC, inflow to what is left of all uses."""
    if transit == "total_supply":
        raise OptionError(
            said(
                "transit='total_supply' spreads imports over all uses in proportion, intermediate_imports= sorts "
                "them by use: give one of the two. Allowed with intermediate_imports=: 'refuse', 'remove'."
            )
        )
    m_fin = t.m - m_int
    bad = (m_int < 0) | (m_fin < -1e-9 * t.m.max(initial=0.0))
    if bad.any():
        raise DataError(
            said("Intermediate imports are negative or exceed all imports"),
            said("Sort the imports of the table itself: each product between 0 and its imports."),
            rows=int(bad.sum()),
            first=worst(np.where(bad, np.abs(m_fin), 0.0), t.sectors, 1),
        )
    use = t.Z.sum(axis=1)
    over = np.maximum(m_int - use, 0.0) + np.maximum(m_fin - np.maximum(F, 0.0), 0.0)
    in_use, in_final = np.minimum(m_int, use), np.minimum(m_fin, np.maximum(F, 0.0))
    left = use - in_use + F - in_final
    surplus_n = np.maximum(t.inflow - np.maximum(left, 0.0), 0.0)
    surplus = _surplus(t, over + surplus_n, use + F, transit)
    n_int = (t.inflow - surplus_n) * per(use - in_use, left)
    gone = per(surplus, t.e + t.o)
    to_m = per(over, surplus)
    return Origins(
        per(in_use, use), per(n_int, use), gone * to_m, gone * np.where(surplus > 0, 1 - to_m, 0.0)
    )


def _surplus(t: IOTable, over: Array, q: Array, transit: Transit) -> Array:
    """Imports and inflow beyond what the province absorbs, refused or returned."""
    scale = max(float(t.x.max(initial=0.0)), float(np.abs(q).max(initial=0.0)))
    if (q < -1e-9 * scale).any():
        raise DataError(
            said("Absorption is negative, so shares of it mean nothing"),
            said("Check exports, outflow and the error column of these products."),
            rows=int((q < -1e-9 * scale).sum()),
            first=worst(-q, t.sectors, 1),
        )
    surplus: Array = np.where(over > 1e-9 * scale, over, 0.0)
    if transit == "refuse" and surplus.any():
        raise DataError(
            said(
                "Imports and inflow exceed what the province absorbs (mu + nu > 1): part of them is re-exported"
            ),
            said(
                "Choose transit='remove' (only the surplus passes through) or 'total_supply' (imports and inflow "
                "supply exports like every other use); the two can lie far apart, so say which one you report."
            ),
            rows=int((surplus > 0).sum()),
            first=worst(surplus, t.sectors),
        )
    if (surplus > (t.e + t.o) * (1 + 1e-9)).any():
        raise DataError(
            said("More passes through than the province ships out"),
            said("Check imports, inflow, exports, outflow and the error column of these products."),
            rows=int((surplus > t.e + t.o).sum()),
            first=worst(surplus - t.e - t.o, t.sectors, 1),
        )
    return surplus


def per(a: Array, b: Array, otherwise: Array | None = None) -> Array:
    """a / b, and 0 (or `otherwise`) where b is not positive."""
    return np.divide(a, b, out=np.zeros_like(a) if otherwise is None else otherwise.copy(), where=b > 0)
