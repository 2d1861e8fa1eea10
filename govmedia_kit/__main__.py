"""`python -m govmedia_kit` is the command `govmedia`."""

from govmedia_kit.cli import main

if __name__ == "__main__":
    main()
