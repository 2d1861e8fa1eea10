"""Weibo's id in letters for its number: the way back, which only tests and benchmarks go."""

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def bid_from_mid(mid: int) -> str:
    """Groups of seven decimal digits from the right, each as four letters of base 62.

    >>> bid_from_mid(5106121943814622)  # as found in a real file
    'P2zg6g0ma'
    """
    letters = ""
    while mid:
        mid, group = divmod(mid, 10**7)
        four = ""
        for _ in range(4):
            group, rest = divmod(group, 62)
            four = LETTERS[rest] + four
        letters = (four if mid else four.lstrip("0")) + letters
    return letters
