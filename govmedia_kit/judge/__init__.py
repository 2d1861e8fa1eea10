"""Measured accounts to verdicts and figures.

In comes an audit that was read; out come an assessment (accounts measured, findings by rule, verdicts) and every number that a bulletin prints."""

__all__: list[str] = []
