"""The claims ledger: what papers say in figures, checked by computation.

>>> import exportlab as xl
>>> ledger = xl.claims.check()              # doctest: +SKIP
>>> ledger["verdict"].value_counts()        # doctest: +SKIP
"""

from exportlab.claims.implied import conflicts
from exportlab.claims.intervals import Interval
from exportlab.claims.judge import judge
from exportlab.claims.ledger import check, claims, papers, sentences
from exportlab.claims.measurements import MEASUREMENTS, Measurement
from exportlab.claims.records import KINDS, Claim, Paper, load
from exportlab.claims.verdicts import CHECKS, VERDICTS, Verdict, check_kind

__all__ = [
    "CHECKS",
    "KINDS",
    "MEASUREMENTS",
    "VERDICTS",
    "Claim",
    "Interval",
    "Measurement",
    "Paper",
    "Verdict",
    "check",
    "check_kind",
    "claims",
    "conflicts",
    "judge",
    "load",
    "papers",
    "sentences",
]
