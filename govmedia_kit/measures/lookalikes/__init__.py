"""Which accounts have names that a citizen could not tell apart.

In come account names; out come groups of look-alikes, each with its reason.
"""

__all__: list[str] = []
