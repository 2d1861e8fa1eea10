"""The only code that opens data files: the audit folder, the ledger, posts, messages and the kit's own data."""

from govmedia_kit.read.audit import Audit, read_audit, read_messages, read_posts
from govmedia_kit.read.ledger import read_accounts
from govmedia_kit.read.resources import divisions, published_bulletins, resource, within
from govmedia_kit.read.settings import Settings, read_settings

__all__ = [
    "Audit",
    "Settings",
    "divisions",
    "published_bulletins",
    "read_accounts",
    "read_audit",
    "read_messages",
    "read_posts",
    "read_settings",
    "resource",
    "within",
]
