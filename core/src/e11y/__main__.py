"""Makes ``python -m e11y`` the same as the command ``e11y``."""

from __future__ import annotations

from e11y.cli import main

if __name__ == "__main__":
    main()
