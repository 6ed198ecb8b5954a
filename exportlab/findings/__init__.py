"""Everything that is measured of one table of flows, once: the report without a page, and without words."""

from exportlab.findings.found import Findings, findings

__all__ = ["Findings", "findings"]
