"""Exports by technology, stage of production and organisation of markets: Lall, BEC, Rauch, or any classes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import narwhals.stable.v2 as nw

from exportlab.classifications._tables import rows
from exportlab.errors import DataError, OptionError, one_of
from exportlab.flow_table import Columns, Flows, require
from exportlab.frames import ratio, with_total
from exportlab.indices._steps import ALL
from exportlab.indices.catalogue import indicator
from exportlab.indices.concordance import Concordance, convert_products
from exportlab.options import Count
from exportlab.words import N_, said

LALL_GROUPS = {
    "PP": "PP",
    "RB1": "RB",
    "RB2": "RB",
    "LT1": "LT",
    "LT2": "LT",
    "MT1": "MT",
    "MT2": "MT",
    "MT3": "MT",
    "HT1": "HT",
    "HT2": "HT",
    "other": "other",
}
RAUCH = {"w": "organised exchange", "r": "reference priced", "n": "differentiated"}


@cache
def lall(level: Literal["class", "group"] = "class") -> Concordance:
    """SITC rev.3 to Lall's technology classes.

    The classes are PP primary; RB1 agro-based, RB2 other resource-based; LT1 textiles, garments and footwear, LT2
    other low technology; MT1 automotive, MT2 process, MT3 engineering; HT1 electronic and electrical, HT2 other high
    technology; other. ``level="group"`` joins them to PP, RB, LT, MT, HT, other. The table of 259 SITC groups is
    shipped with the package; codes of three to five digits are read by their group. Lall's own appendix, by SITC
    rev.2, is not shipped: give such a table to `class_shares`.
    """
    one_of("level", level, ("class", "group"))
    names = {r["code"]: r["class"] if level == "class" else LALL_GROUPS[r["class"]] for r in rows("lall")}
    return Concordance({c: ((k, 1.0),) for c, k in names.items()}, rows("lall")[0]["source"], prefix=True)


@cache
def bec(scheme: Literal["un", "allotted"] = "un") -> Concordance:
    """BEC rev.4 basic categories to stages: raw, semi-finished, parts, capital, consumption, other.

    The stages are read off the titles: primary, processed, parts, capital, consumption. "un" leaves motor spirit (321),
    passenger cars (51) and category 7 as other, for the System of National Accounts does not allocate them;
    "allotted" counts motor spirit as semi-finished and cars as consumption, a convention of this package.
    """
    one_of("scheme", scheme, ("un", "allotted"))
    return Concordance({r["code"]: ((r[scheme], 1.0),) for r in rows("bec")}, rows("bec")[0]["source"])


@indicator(
    title=N_("Shares of classes of products"),
    formula=r"\sum_{k \in c} x_k / \sum_k x_k",
    low="0",
    high="1",
    source="UNCTAD Handbook of Statistics, structure of merchandise trade",
    laws="bounds scale permutation replication empty additive",
)
def class_shares(
    flows: Flows,
    classes: Concordance | Mapping[str, str],
    *,
    by: Columns | None = None,
    digits: Count | None = None,
    unmatched: Literal["refuse", "keep", "group"] = "refuse",
) -> Any:
    """Shares of the classes that a table or mapping of yours puts the products in.

    Parameters
    ----------
    flows : Flows
        With products.
    classes : Concordance or mapping of product code to class
    by : str or sequence of str, optional
        By default every other role present.
    digits : int, optional
        First cut the product codes to this length.
    unmatched : {"refuse", "keep", "group"}
        Products without a class are refused, kept as classes of their own, or shown as "unmatched".

    Returns
    -------
    frame
        One row per group and class: keys, class, value, class_shares. Classes without trade have no row.

    Raises
    ------
    DataError
        No products; products without a class.
    """
    require(flows, "class_shares")
    known = (
        classes
        if isinstance(classes, Concordance)
        else Concordance({k: ((v, 1.0),) for k, v in classes.items()})
    )
    return _shares(flows, known, "class_shares", by=by, digits=digits, unmatched=unmatched)


def _shares(
    flows: Flows, classes: Concordance, name: str, *, by: Columns | None, digits: Count | None, unmatched: Any
) -> Any:
    require(flows, name)
    if "product" not in flows.roles:
        raise DataError(
            said("the flows have no product"), said("{name} needs product=... at the door.", name=name)
        )
    made = convert_products(flows, classes, digits=digits, unmatched=unmatched)
    _, groups = made.split("product", by)
    cells = made.cells(*groups, "product").with_columns(nw.lit(0).alias(ALL))
    cells = with_total(cells, groups or (ALL,)).rename({"product": "class"})
    keys = (*groups, "class")
    return flows.out(cells.select(*keys, "value", ratio(nw.col("value"), nw.col("_total")).alias(name)), keys)


@indicator(
    title=N_("Shares of technology classes"),
    aliases=("技术分类占比",),
    formula=r"\sum_{k \in c} x_k / \sum_k x_k",
    low="0",
    high="1",
    source="Lall (2000), Oxford Development Studies 28(3); UNCTADstat, SITC rev.3",
    laws="bounds scale permutation replication empty additive",
)
def lall_shares(
    flows: Flows,
    *,
    products: Literal["sitc3"] | Concordance,
    level: Literal["class", "group"] = "class",
    by: Columns | None = None,
    unmatched: Literal["refuse", "group"] = "refuse",
) -> Any:
    """Shares of Lall's technology classes; see `lall` for their names.

    Parameters
    ----------
    flows : Flows
        With products.
    products : "sitc3" or Concordance
        That the codes are SITC rev.3 (three to five digits), or how to bring them there: HS has to be
        converted by UNSD's table, ``concordance("HS2012 to SITC3.csv")``.
    level : {"class", "group"}
        PP, RB1, RB2, LT1, ... or PP, RB, LT, MT, HT.
    by : str or sequence of str, optional
        By default every other role present.
    unmatched : {"refuse", "group"}
        Products without a class are refused, or shown as "unmatched".

    Returns
    -------
    frame
        One row per group and class: keys, class, value, lall_shares.

    Raises
    ------
    DataError
        Products without a class; codes too long for SITC.
    """
    require(flows, "lall_shares")
    classes = _through(flows, products, "sitc3", lall(level), longest=5)
    return _shares(flows, classes, "lall_shares", by=by, digits=None, unmatched=unmatched)


@indicator(
    title=N_("Shares of stages of production"),
    formula=r"\sum_{k \in c} x_k / \sum_k x_k",
    low="0",
    high="1",
    source="UN Statistics Division, Classification by Broad Economic Categories rev.4 (2002)",
    laws="bounds scale permutation replication empty additive",
)
def bec_shares(
    flows: Flows,
    *,
    products: Literal["bec"] | Concordance,
    scheme: Literal["un", "allotted"] = "un",
    by: Columns | None = None,
    unmatched: Literal["refuse", "group"] = "refuse",
) -> Any:
    """Shares of raw and semi-finished goods, parts, capital and consumption goods.

    Parameters
    ----------
    flows : Flows
        With products.
    products : "bec" or Concordance
        That the codes are BEC rev.4 basic categories (111 ... 7), or how to bring them there: HS has to be
        converted by UNSD's table, ``concordance("HS2012 to BEC4.csv")``.
    scheme : {"un", "allotted"}
        Where motor spirit and passenger cars go; see `bec`.
    by, unmatched
        As in `lall_shares`.

    Returns
    -------
    frame
        One row per group and class: keys, class, value, bec_shares.

    Raises
    ------
    DataError
        Products without a category; codes too long for BEC.
    """
    require(flows, "bec_shares")
    classes = _through(flows, products, "bec", bec(scheme), longest=3)
    return _shares(flows, classes, "bec_shares", by=by, digits=None, unmatched=unmatched)


@indicator(
    title=N_("Shares of Rauch's classes"),
    formula=r"\sum_{k \in c} x_k / \sum_k x_k",
    low="0",
    high="1",
    source="Rauch (1999), Journal of International Economics 48(1)",
    laws="bounds scale permutation replication empty additive",
)
def rauch_shares(
    flows: Flows,
    classes: Mapping[str, str],
    *,
    products: Literal["sitc2"] | Concordance = "sitc2",
    by: Columns | None = None,
    unmatched: Literal["refuse", "group"] = "refuse",
) -> Any:
    """Shares of goods sold on organised exchanges, reference priced, and differentiated.

    Parameters
    ----------
    flows : Flows
        With products.
    classes : mapping of str to {"w", "r", "n"}
        SITC rev.2 four-digit codes by Rauch's letters: his own table, conservative or liberal. It is not shipped.
    products : "sitc2" or Concordance
        That the codes are SITC rev.2, or how to bring them there.
    by, unmatched
        As in `lall_shares`.

    Returns
    -------
    frame
        One row per group and class: keys, class (organised exchange, reference priced, differentiated), value,
        rauch_shares.

    Raises
    ------
    DataError
        Products without a class.
    OptionError
        Letters other than w, r, n.
    """
    require(flows, "rauch_shares")
    odd = sorted({str(v) for v in classes.values()} - set(RAUCH))
    if odd:
        raise OptionError(
            said("Rauch's class {odd} is not allowed. Allowed: {rauch}.", odd=repr(odd[0]), rauch=RAUCH)
        )
    named = Concordance({c: ((RAUCH[v], 1.0),) for c, v in classes.items()}, "Rauch (1999)", prefix=True)
    through = _through(flows, products, "sitc2", named, longest=5)
    return _shares(flows, through, "rauch_shares", by=by, digits=None, unmatched=unmatched)


def _through(flows: Flows, products: Any, name: str, classes: Concordance, *, longest: int) -> Concordance:
    """The classes of the products as they are, or by way of a concordance.

    A nomenclature is never guessed: HS 8517 read as SITC would be footwear.
    """
    if isinstance(products, Concordance):
        targets = {t for links in products.links.values() for t, _ in links}
        known = {c: links for c, links in products.links.items() if all(classes.find(t) for t, _ in links)}
        if not known:
            raise DataError(
                said("no target of the concordance is a {name} code", name=name),
                said("Give one that leads there."),
                first=repr(min(targets, default="")),
            )
        return Concordance(known, products.origin, products.prefix).then(classes)
    one_of("products", products, (name,))
    if "product" in flows.roles:
        long = [c for c in flows.members("product") if len(c) > longest]
        if long:
            raise DataError(
                said(
                    "{n} product codes are longer than the {longest} digits of {name}",
                    n=len(long),
                    longest=longest,
                    name=name,
                ),
                said("Give the concordance that brings them there: products=exportlab.concordance(...)."),
                first=repr(long[0]),
            )
    return classes
