"""How each figure of a report is made: the formula, the convention where sources differ, and where it is defined.

Formula and source of an indicator come from its declaration; they are written here for what is no indicator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exportlab.indices.catalogue import CATALOGUE
from exportlab.tables.model import Method, Section
from exportlab.words import N_, _


@dataclass(frozen=True)
class _Known:
    title: str
    convention: str
    formula: str = ""
    source: str = ""


KNOWN = {
    "share": _Known(N_("Share"), N_("Of the total beside it, in the same period and unit.")),
    "hhi": _Known(
        N_("Herfindahl-Hirschman index"),
        N_("On 0 to 1; competition authorities print 10,000 times as much. Not normalised by the number of members."),
    ),
    "effective_number": _Known(
        N_("Effective number"), N_("Members of equal size that would give the same HHI.")
    ),
    "cr4": _Known(N_("Share of the largest four"), N_("Here k is 4.")),
    "theil": _Known(
        N_("Theil index"), N_("N is the number of possible members in the table; those without a value count.")
    ),
    "gini": _Known(
        N_("Gini coefficient"),
        N_("N is the number of possible members in the table; those without a value count. No small-sample factor."),
    ),
    "number_active": _Known(N_("Active members"), N_("Members with a value above zero.")),
    "bloc_share": _Known(
        N_("Share of a bloc"),
        N_("B(t) are the members on the last day of the period, from each one's own date, without the exporters' own "
           "country; where customs publish a sum for the bloc, that sum and its members are meant."),
    ),
    "risk_contribution": _Known(
        N_("Contribution to the variance"),
        N_("a holds the shares of the last period, S the covariance of arc growth, 2 (x1 - x0)/(x1 + x0); shrunk where "
           "there are no more than two growth rates for each member. Contributions add up to 1; one below zero "
           "offsets the others."),
        r"a_m (S a)_m \;/\; a' S a", "Markowitz (1952), Journal of Finance 7(1); Ledoit and Wolf (2004)",
    ),
    "contributions": _Known(N_("Contribution to growth"), N_("Contributions add up to the growth of the total.")),
    "rca": _Known(
        N_("Revealed comparative advantage"),
        N_("Balassa's index: i is the exporter, r the reference that the table's title or text names."),
    ),
    "rounding": _Known(
        N_("Interval of rounding"), N_("h is half of the last printed digit; there is no sampling error in it."),
        r"\frac{s_i - h}{s_r + h} \leq RCA \leq \frac{s_i + h}{s_r - h}", "Moore, Kearfott and Cloud (2009)",
    ),
    "interval": _Known(
        N_("95 % interval"),
        N_("One unit left out at a time, bias-corrected, on the logit scale; changes and RCA by the delta method "
           "instead. The table says which units, and what is known against it."),
        r"\hat\theta_J \pm t_{n-1} s_J, \quad s_J^2 = \frac{n-1}{n} \sum_i (\theta_{(i)} - \bar\theta)^2",
        "Tukey (1958); Efron and Tibshirani (1993), ch. 11",
    ),
    "lall": _Known(
        N_("Shares of technology classes"),
        N_("c holds the products of a class by UNCTADstat's list of SITC rev.3 groups; products without a class are "
           "shown apart."),
        r"\sum_{k \in c} x_k / \sum_k x_k", "Lall (2000), Oxford Development Studies 28(3); UNCTADstat, SITC rev.3",
    ),
    "prody": _Known(
        N_("Income level of products (PRODY)"), N_("Y is income per head of the exporters that have one.")
    ),
    "expy": _Known(
        N_("Income level of exports (EXPY)"), N_("Over the products that have a PRODY; their share is beside it.")
    ),
    "density": _Known(
        N_("Density"),
        N_("M is 1 where RCA is 1 or more; the proximity of two products is the smaller conditional probability that "
           "who has one has the other. A product does not count in its own neighbourhood."),
        r"d_{ik} = \sum_l M_{il} \phi_{kl} / \sum_l \phi_{kl}", "Hidalgo, Klinger, Barabasi and Hausmann (2007)",
    ),
    "pci": _Known(
        N_("Complexity (PCI)"),
        N_("The second eigenvector, with the mean and deviation of the exporters' ECI; k and u are diversity and "
           "ubiquity."),
        r"\lambda q_k = \frac{1}{u_k} \sum_i \frac{M_{ik}}{k_i} \sum_l M_{il} q_l", "Hausmann and others (2014)",
    ),
    "cog": _Known(
        N_("Opportunity gain"), N_("How much the outlook index would change if the product were gained, as the Atlas."),
        r"\sum_{l \neq k} \frac{\phi_{kl}}{\sum_m \phi_{lm}} (1 - M_{il}) q_l - d_{ik} q_k",
        "Hausmann and others (2014)",
    ),
    "bounds": _Known(
        N_("Bounds of concentration"),
        N_("X holds every breakdown that fits the named partners and the total: a group over at most its own members, "
           "the rest over at most all other countries. Both ends are reached; they are no confidence interval."),
        r"\min_{x \in X} \sum_j (x_j / x)^2 \leq H \leq \max_{x \in X} \sum_j (x_j / x)^2",
        "Marshall, Olkin and Arnold (2011), ch. 3",
    ),
    "content": _Known(
        N_("Domestic value added and imported content"),
        N_("v is value added per unit of output, what inputs leave of it; imported content is one less that, and less "
           "product taxes on inputs. Processing exports are not told from others."),
        r"v (I - A^d)^{-1} e \;/\; \sum_j e_j", "Hummels, Ishii and Yi (2001)",
    ),
    "behind": _Known(
        N_("What stands behind exports"),
        N_("f is the satellite per unit of output, (I - A)^-1 what a unit delivered needs of every sector's output, e "
           "exports. In a table of several countries A is that of all of them, so that inputs from abroad count with "
           "what arises there."),
        r"\hat{f} (I - A)^{-1} e", "Miller and Blair (2009), Input-output analysis, ch. 10; OECD, TiM and TECO2",
    ),
    "upstreamness": _Known(
        N_("Steps from final use"),
        N_("B holds the shares of each sector's output that go to each sector's inputs, after inventories; weighted by "
           "exports."),
        r"U = (I - B)^{-1} \mathbf{1}", "Antras, Chor, Fally and Hillberry (2012)",
    ),
    "content_bounds": _Known(
        N_("Bounds on the value added in exports"),
        N_("y is the share of exports in the set of classes T and sector j, m the sector's value added by China's "
           "table. A linear programme; both ends are reached by some composition."),
        r"\min_{y \geq 0} / \max_{y \geq 0} \; \sum_{T, j} m_j y_{Tj}, \quad \sum_{T \ni c,\, j} y_{Tj} = s_c",
        "exportlab.valueadded.content_bounds",
    ),
    "callaway_santanna": _Known(
        N_("Callaway-Sant'Anna"),
        N_("Each cohort's change since the year before adoption, less that of provinces without a zone yet, averaged "
           "by cohort size. Error from the influence function, clustered by province."),
        r"\sum_{t \geq g} w_{gt} \left( \Delta_g - \Delta_{G > t} \right), \quad \Delta_C = "
        r"\frac{1}{n_C} \sum_{i \in C} (y_{it} - y_{i,g-1})",
        "Callaway and Sant'Anna (2021), Journal of Econometrics 225(2)",
    ),
    "permutation": _Known(
        N_("Permuted adoption dates"),
        N_("Adoption dates are dealt out anew B times; the interval holds the effects that this test does not reject."),
        r"p = (1 + \sum_b 1\{|t_b| \geq |t|\}) / (1 + B)", "Fisher (1935), The Design of Experiments",
    ),
    "imputation": _Known(
        N_("Imputation"), N_("Effects of province and year are fitted on observations without a zone."),
        r"\frac{1}{n_1} \sum_{D_{it} = 1} (y_{it} - \hat\alpha_i - \hat\lambda_t)",
        "Borusyak, Jaravel and Spiess (2024), Review of Economic Studies 91(6)",
    ),
    "twfe": _Known(
        N_("Two-way fixed effects"),
        N_("All provinces, those with a zone before the data begin too. Error clustered by province, effects nested in "
           "the clusters not counted (as fixest and reghdfe)."),
        r"y_{it} = \alpha_i + \lambda_t + \beta D_{it} + u_{it}",
        "Goodman-Bacon (2021), Journal of Econometrics 225(2)",
    ),
    "etwfe_poisson": _Known(
        N_("Extended TWFE, Poisson"),
        N_("Cohort effects, as R's etwfe; effects of all cohorts and years since adoption, averaged by their rows."),
        r"E[y_{it}] = \exp(\alpha_{g(i)} + \lambda_t + \tau_{gt} 1\{t \geq g\})",
        "Wooldridge (2023), Econometrics Journal 26",
    ),
    "verdict": _Known(
        N_("Verdict on a claim"),
        N_("The claim is the interval of its printed digits, the computed figure the interval its operands allow. "
           "Where they are apart, the claim fails; the evidence of each row says by what."),
        r"[c - h,\; c + h] \cap [a,\; b] = \{\}", "exportlab.claims",
    ),
}  # fmt: skip


def method(name: str) -> Method:
    """One entry, in the language in use."""
    known = KNOWN[name]
    declared = CATALOGUE[name] if not known.formula else None
    return Method(
        name,
        _(known.title),
        declared.formula if declared else known.formula,
        _(known.convention),
        declared.source if declared else known.source,
    )


def section(sections: Sequence[Section]) -> Section:
    """The entries for all tables of the sections."""
    names = dict.fromkeys(n for s in sections for p in s.parts for n in getattr(p, "made", ()))
    return Section(
        "methods",
        _("How each figure is made"),
        (
            _("Formula, convention and source of every computed figure; the foot of each table leads here."),
            _(
                "An index of a complete table has no sampling error. How much it rests on single "
                "products, months or firms is what exportlab.interval computes."
            ),
        ),
        methods=tuple(method(n) for n in names),
    )
