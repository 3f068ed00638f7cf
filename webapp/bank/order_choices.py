"""What can be chosen in orders about money and PINs."""

from __future__ import annotations

from enum import StrEnum


class Charges(StrEnum):
    """Who pays the banks on the way of an international transfer: the sender, each their own, or the recipient."""

    OUR = "OUR"
    SHA = "SHA"
    BEN = "BEN"


class Rhythm(StrEnum):
    """How often a standing order pays."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half year"
    YEAR = "year"


class RecallReason(StrEnum):
    """Why money that has gone out is asked back."""

    ACCOUNT = "wrong account"
    AMOUNT = "wrong amount"
    TWICE = "sent twice"


class PinLetterReason(StrEnum):
    """Why a PIN letter is sent: the old PIN again, a new PIN, or because the last letter never came."""

    REMINDER = "forgotten"
    NEW = "new PIN"
    MISSING = "letter not arrived"


class ReturnReason(StrEnum):
    """Why a direct debit is given back: the customer wants it, or has never given a mandate."""

    WANTED_BACK = "wanted back"
    NO_MANDATE = "no mandate"
