"""What can go wrong at the bank's door."""


class BankError(Exception):
    """Something the bank could not do."""


class BankUnavailable(BankError):
    """The bank did not answer, or not in time; asking again later may work."""


class CustomerNotFound(BankError):
    """No customer has this number."""


class AccountNotFound(BankError):
    """The customer has no such account."""


class CardNotFound(BankError):
    """The customer has no such card."""


class OrderRefused(BankError):
    """The bank will not carry an order out, and has changed nothing; the text is a sentence for staff."""


class OutcomeUnknown(BankError):
    """An order was sent and no answer came: it may have been carried out. Ask for the outcome, never send anew."""


class AnswerUnreadable(BankError):
    """The bank answered, and what it said is not what was agreed: no part of it is used."""
