"""Economic complexity: ECI and PCI, fitness, the product space. The door is `complexity`; the rest works on arrays."""

from exportlab.indices.complexity.door import complexity
from exportlab.indices.complexity.network import ProductSpace
from exportlab.indices.complexity.result import Complexity, Projection

__all__ = ["Complexity", "ProductSpace", "Projection", "complexity"]
