"""``python -m exportlab``: the command ``exportlab``."""

from exportlab.cli import main

if __name__ == "__main__":
    main()
