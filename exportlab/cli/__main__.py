"""``python -m exportlab.cli``."""

from exportlab.cli.commands import main

main()
