"""``python -m exportlab.cli``."""

from exportlab.cli import main

main()
