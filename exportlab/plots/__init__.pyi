"""The pictures that a user asks for by name; each is loaded from its module when it is first used."""

from . import claims as claims
from . import complexity as complexity
from . import facts as facts
from . import panel as panel
from . import risk as risk
from . import structure as structure
from . import style as style
from . import uncertainty as uncertainty
from . import valueadded as valueadded
from .structure import bloc_share as bloc_share
from .structure import concentration as concentration
from .structure import heatmap as heatmap
from .structure import lorenz as lorenz
from .structure import market_shares as market_shares
from .structure import rca_bars as rca_bars
from .structure import series as series
from .structure import stacked_parts as stacked_parts
from .style import axes as axes
from .uncertainty import intervals as intervals
