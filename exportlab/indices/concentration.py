"""Concentration over markets or products."""

from __future__ import annotations

from math import isinf
from typing import Any

from exportlab.indices.measure import distribution
from exportlab.indices.members import Group, Member
from exportlab.indices.residual import Thin
from exportlab.options import Count, NotNegative, Order
from exportlab.words import N_


def _hhi(total: Any, g: Group, *, scale: NotNegative = 1) -> Any:
    return g.within(total / (g.total * g.total), 1 / g.n, 1.0) * scale


@distribution(
    title=N_("Herfindahl-Hirschman index"),
    formula=r"H = \sum_k s_k^2",
    low="1/n",
    high="1",
    rises_with=N_("concentration"),
    source="Hirschman (1964), The paternity of an index, AER 54(5); WITS",
    aliases=("herfindahl", "赫芬达尔指数", "赫芬达尔—赫希曼指数"),
    laws="bounds scale permutation transfer empty",
    finish=_hhi,
    thin="sum",
)
def hhi(m: Member) -> Any:
    """The sum of squared shares; ``scale=10_000`` gives the scale of competition authorities."""
    return m.value * m.value


def _normalised(h: Any, size: Any, where: Any) -> Any:
    """(H - 1/N) / (1 - 1/N); not defined for a single category."""
    return where(size > 1, (h - 1 / size) / (1 - 1 / where(size > 1, size, 2.0)), float("nan"))


@distribution(
    of=hhi,
    title=N_("HHI normalised by the active members"),
    formula=r"(H - 1/n) / (1 - 1/n)",
    low="0",
    high="1",
    rises_with=N_("concentration"),
    source="WITS, trade outcomes indicators",
    laws="bounds scale permutation empty",
    undefined=N_("the group's total is zero, or it has a single active member (as in WITS)"),
)
def hhi_normalised_active(h: Any, g: Group) -> Any:
    """HHI on 0 to 1 given the n members that are active. Moving value onto fewer members can lower it."""
    return _normalised(h, g.n, g.where)


@distribution(
    of=hhi,
    title=N_("HHI normalised by the universe"),
    formula=r"(H - 1/N) / (1 - 1/N)",
    low="0",
    high="1",
    rises_with=N_("concentration"),
    source="Hirschman (1964), normalised by the N categories of the nomenclature",
    uses_universe=True,
    laws="bounds scale permutation transfer empty",
    undefined=N_("the group's total is zero, or the universe is a single category"),
    thin="universe",
)
def hhi_normalised(h: Any, g: Group) -> Any:
    """HHI on 0 to 1 given N categories that could have been exported to."""
    return _normalised(h, g.N, g.where)


@distribution(
    of=hhi,
    title=N_("UNCTAD concentration index"),
    low="0",
    high="1",
    rises_with=N_("concentration"),
    formula=r"\left(\sqrt{H} - \sqrt{1/N}\right) / \left(1 - \sqrt{1/N}\right)",
    source="UNCTAD Handbook of Statistics, calculation methods",
    aliases=("hhi_unctad",),
    uses_universe=True,
    laws="bounds scale permutation transfer empty",
    undefined=N_("the group's total is zero, or the universe is a single category"),
    thin="universe",
)
def unctad_concentration(h: Any, g: Group) -> Any:
    """The square-root form of UNCTADstat, with N the products of the nomenclature."""
    even = (1 / g.N) ** 0.5
    return g.where(g.N > 1, (h**0.5 - even) / (1 - (1 / g.where(g.N > 1, g.N, 2.0)) ** 0.5), float("nan"))


@distribution(
    of=hhi,
    title=N_("Hirschman index"),
    aliases=("赫希曼指数",),
    formula=r"\sqrt{\sum_k s_k^2}",
    low=r"1/\sqrt{n}",
    high="1",
    rises_with=N_("concentration"),
    source="Hirschman (1945); World Bank, World Trade Indicators",
    laws="bounds scale permutation transfer empty",
    thin="sum",
)
def hirschman(h: Any, g: Group) -> Any:
    """The square root of the HHI, not normalised."""
    return h**0.5


@distribution(
    of=hhi,
    title=N_("Effective number of members"),
    formula=r"1 / \sum_k s_k^2",
    low="1",
    high="n",
    rises_with=N_("diversification"),
    source="Adelman (1969); Hill (1973), order 2; ITC equivalent number",
    aliases=("equivalent_number", "有效市场数"),
    laws="bounds scale permutation transfer empty",
    thin="sum",
)
def effective_number(h: Any, g: Group) -> Any:
    """How many members of equal size would give the same HHI."""
    return g.within(1 / h, 1.0, g.n, g.n)


def _cr(total: Any, g: Group, *, k: Count = 4) -> Any:
    return g.within(total / g.total, g.where(g.n > k, k / g.n, 1.0), 1.0)


@distribution(
    title=N_("Concentration ratio"),
    formula=r"CR_k = \sum_{r=1}^{k} s_{(r)}",
    low="k/n",
    high="1",
    rises_with=N_("concentration"),
    source="Hall and Tideman (1967), Measures of concentration, JASA 62(317)",
    aliases=("concentration_ratio", "集中率", "市场集中度"),
    laws="bounds scale permutation transfer empty",
    finish=_cr,
    thin="sum",
)
def cr(m: Member, *, k: Count = 4) -> Any:
    """The share of the k largest members (1 where there are k or fewer)."""
    return m.where(m.rank <= k, m.value, 0.0)


def _entropy(total: Any, g: Group) -> Any:
    size = g.log(g.total)
    terms = 1 + g.where(size > 0, size, -size)
    return g.within(size - total / g.total, 0.0, g.log(g.n), terms)


@distribution(
    title=N_("Shannon entropy"),
    formula=r"E = -\sum_k s_k \ln s_k = \ln X - \frac{1}{X} \sum_k x_k \ln x_k",
    low="0",
    high=r"\ln n",
    unit=N_("nats"),
    rises_with=N_("diversification"),
    source="Shannon (1948); Jacquemin and Berry (1979)",
    aliases=("entropy", "香农熵"),
    finish=_entropy,
    laws="bounds scale permutation transfer empty",
    thin="inf",
)
def shannon(m: Member) -> Any:
    """Entropy of the shares in natural logarithms, with 0 ln 0 = 0.

    A difference of two logarithms: right to 1e-12 times the larger of 1 and the logarithm of the total X.
    """
    return m.xlogx(m.value)


@distribution(
    of=shannon,
    title=N_("Theil index"),
    aliases=("泰尔指数",),
    formula=r"T = \frac{1}{N} \sum_k \frac{x_k}{\mu} \ln\frac{x_k}{\mu} = \ln N - E",
    low="0",
    high=r"\ln N",
    unit=N_("nats"),
    rises_with=N_("concentration"),
    source="Theil (1967); Cadot, Carrere and Strauss-Kahn (2011), RES 93(2)",
    uses_universe=True,
    laws="bounds scale permutation replication transfer empty",
    thin="universe",
)
def theil(e: Any, g: Group) -> Any:
    """Theil's entropy index over the universe of N categories, the inactive ones counting as zeros."""
    size = g.log(g.N)
    return g.within(size - e, 0.0, size, 1 + size)


NEAR_ONE = 0.1  # so near to it (sum s^q)^(1/(1-q)) cancels, and Tsallis' sum (s^q - s)/(q - 1) does not
POWERS = 5.0  # up to this order powers of what a door lets in (1e-50 to 1e50) stay within the floats


def _hill(total: Any, g: Group, *, q: Order = 2.0) -> Any:
    return g.within(_of_order(total, g, q), 1.0, g.n, g.n)


def _hill_of_thin(*, q: Order = 2.0) -> Thin:
    return "sum" if q > 1 else "inf"


def _of_order(total: Any, g: Group, q: float) -> Any:
    if q == 0:
        return total
    if q == 1:
        return g.exp(_entropy(total, g))
    if abs(q - 1) < NEAR_ONE:
        return g.exp(g.log1p((q - 1) * total) / (1 - q))
    if q <= POWERS:
        return (total / g.total**q) ** (1 / (1 - q))
    if isinf(q):
        return g.total / g.largest
    return g.exp((g.log(g.largest / g.total) + g.log(total) / q) / (1 / q - 1))


@distribution(
    title=N_("Hill number"),
    aliases=("希尔数",),
    formula=r"{}^qD = \left(\sum_k s_k^q\right)^{1/(1-q)}",
    low="1",
    high="n",
    rises_with=N_("diversification"),
    source="Hill (1973), Diversity and evenness, Ecology 54(2)",
    finish=_hill,
    laws="bounds scale permutation transfer empty",
    thin=_hill_of_thin,
)
def hill(m: Member, *, q: Order = 2.0) -> Any:
    """Effective number of order q, zero or more.

    0 counts the active members, 1 is exp(entropy), 2 is 1/HHI, and infinity is 1 over the largest share.
    """
    if q == 0:
        return m.active
    if q == 1:
        return m.xlogx(m.value)
    if abs(q - 1) < NEAR_ONE:
        return m.share * m.expm1((q - 1) * m.log(m.share)) / (q - 1)
    if isinf(q):
        return m.active
    return (m.value if q <= POWERS else m.relative) ** q


def _by_rank(m: Member) -> Any:
    return m.rank * m.value


@distribution(
    term=_by_rank,
    title=N_("Gini coefficient"),
    aliases=("基尼系数",),
    low="0",
    high="1 - 1/N",
    rises_with=N_("concentration"),
    formula=r"G = \frac{N + 1 - 2 \sum_k r_k s_k}{N}, \quad r = 1 \text{ for the largest}",
    source="Gini (1912); Sen (1973), On Economic Inequality",
    uses_universe=True,
    laws="bounds scale permutation replication transfer empty",
    thin="universe",
)
def gini(total: Any, g: Group) -> Any:
    """Gini coefficient of the values over N categories, the inactive ones counting as zeros."""
    return g.within((g.N + 1 - 2 * total / g.total) / g.N, 0.0, 1 - 1 / g.N)


@distribution(
    term=_by_rank,
    title=N_("Hall-Tideman index"),
    formula=r"1 / \left(2 \sum_k r_k s_k - 1\right)",
    low="1/n",
    high="1",
    rises_with=N_("concentration"),
    source="Hall and Tideman (1967), JASA 62(317); Rosenbluth (1955)",
    aliases=("rosenbluth", "霍尔—泰德曼指数"),
    laws="bounds scale permutation transfer empty",
    thin="zero",
)
def hall_tideman(total: Any, g: Group) -> Any:
    """Shares weighted by rank, so that the number of small members counts: 1 / (n (1 - Gini)) of the active ones."""
    return g.within(1 / (2 * total / g.total - 1), 1 / g.n, 1.0)


@distribution(
    title=N_("Number of active members"),
    formula=r"n = \#\{k : x_k > 0\}",
    low="1",
    high="N",
    unit=N_("members"),
    rises_with=N_("diversification"),
    source="Hummels and Klenow (2005), AER 95(3), by count",
    aliases=("n_active", "active"),
    laws="bounds scale permutation transfer empty additive",
    thin="inf",
)
def number_active(m: Member) -> Any:
    """How many members carry a value above zero."""
    return m.active
