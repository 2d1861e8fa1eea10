"""Who has gone silent.

In come posts and accounts; out come days with posts, silences, each account's status and summaries of them.
"""

__all__: list[str] = []
