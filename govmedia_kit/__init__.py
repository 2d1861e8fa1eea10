"""govmedia-kit: audit government new media accounts and print the bulletin. Start with `read.read_audit`."""

__version__ = "0.1.0"
__all__ = ["__version__"]
