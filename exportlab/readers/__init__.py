"""Files people have, read into `Flows`: customs downloads, UN Comtrade, CEPII BACI, and tables by role.

Readers parse and separate; what a table of flows must be is decided at the one door, `exportlab.flows.flows`.
"""

from exportlab.readers.account import ReadFlows, Reading
from exportlab.readers.baci import read_baci
from exportlab.readers.comtrade import read_comtrade
from exportlab.readers.gacc import read_gacc
from exportlab.readers.generic import read_flows

__all__ = ["ReadFlows", "Reading", "read_baci", "read_comtrade", "read_flows", "read_gacc"]
