"""What can be wrong with what somebody asked for. `http/errors.py` knows which status and page each becomes."""

from __future__ import annotations


class DomainError(Exception):
    """A refusal a person can act on: what happened, and what to do next."""

    sentence = "That could not be done."
    next_step = "Go back and try again."

    def __init__(self, sentence: str | None = None, next_step: str | None = None) -> None:
        self.sentence = sentence or type(self).sentence
        self.next_step = next_step or type(self).next_step
        super().__init__(self.sentence)


class ChatNotFound(DomainError):
    """There is no such session, or it is not this person's: the two look the same."""

    sentence = "This session does not exist."
    next_step = "It may have been deleted. Your sessions are on the start page."


class ChatEnded(DomainError):
    """The session has ended and takes no more messages."""

    sentence = "This session has ended."
    next_step = "Reopen it, or take your text along into a new session."


class MessageNotFound(DomainError):
    """There is no such message in this session."""

    sentence = "This message does not exist."
    next_step = "Go back to the session."


class TextDiffers(DomainError):
    """The same request id came with another text."""

    sentence = "This message was already sent with a different text."
    next_step = "Reload the page to see what was stored, then send the new text."


class MoveNotAllowed(DomainError):
    """A session cannot go from its status to the one asked for."""


class CustomerFixed(DomainError):
    """Questions were asked about the attached customer; the session stays theirs."""

    sentence = "This session is already about a customer."
    next_step = "Start a new session for another customer, so that their records do not mix."


class NotAllowed(DomainError):
    """The role does not carry the right."""

    sentence = "Your role does not allow that."
    next_step = "Ask a manager of your branch."


class TooManyStreams(DomainError):
    """The person, or this process, holds as many event streams as it may."""

    sentence = "Too many open pages are being told of changes at once."
    next_step = "This page asks every few seconds instead."


class BadInput(DomainError):
    """Something in the request cannot be read."""

    sentence = "That request could not be read."
    next_step = "Go back, reload the page and try again."


class WrongPassword(DomainError):
    """Name and password do not belong together, or the account is locked: the three look the same."""

    sentence = "Name and password do not match."
    next_step = "Check both and try again."


class PasswordRefused(DomainError):
    """The new password is too weak."""


class ProposalClosed(DomainError):
    """A proposal can no longer, or not yet, be decided."""

    sentence = "This proposal is closed."
    next_step = "Reload the page to see how it stands."


class ProposalChanged(DomainError):
    """What would be confirmed is not what was proposed."""

    sentence = "This is not what was proposed."
    next_step = "Ask again; a new proposal is made."


class VerificationNeeded(DomainError):
    """The caller was not checked well enough."""


class SecondPersonNeeded(DomainError):
    """The amount is above the proposer's limit."""


class WrongFields(DomainError):
    """Fields of a program's request are not what they must be; `fields` says which and why."""

    sentence = "Some fields are not valid."
    next_step = "See `errors` for which ones."

    def __init__(self, fields: list[dict[str, str]]) -> None:
        self.fields = fields
        super().__init__("; ".join(f"{one['field']}: {one['message']}" for one in fields[:3])[:300] or None)


class NotFound(DomainError):
    """There is no such thing, or it is somebody else's: the two look the same."""

    sentence = "This does not exist."
    next_step = "It may have been deleted."


class ArticleRefused(DomainError):
    """An article cannot be stored as it is written; `field` says where the reason lies."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(sentence, "Nothing was stored.")


class EditConflict(DomainError):
    """Somebody else has saved the article since this editor began; `version` is how it stands now."""

    sentence = "Somebody else has saved this article meanwhile."
    next_step = "Nothing of yours was stored. Open the article again and compare."

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__()
