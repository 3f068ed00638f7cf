"""What programs send."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from webapp.api.spelling import Asked
from webapp.models.base import ID_PATTERN, LARGEST_NUMBER
from webapp.services.outbox import EVENTS
from webapp.services.ratings import LONGEST_NOTE
from webapp.services.rerouting import SPECIALISTS

LONGEST_MESSAGE = 4000
LARGEST_NOTE = 16 * 1024  # bytes of JSON a program may note about a session or a message

AGENTS = [agent.key for agent in SPECIALISTS]

CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
# Blank, unprintable, or printable with nothing to see; the same idea as `http.input.says_something`, as a pattern that
# the OpenAPI document can carry.
INVISIBLE = (
    r"\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
PLAIN = rf"^[^{CONTROLS}]*$"
SAYS_SOMETHING = rf"^[^{CONTROLS}]*[^{INVISIBLE}][^{CONTROLS}]*$"

Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_MESSAGE, pattern=SAYS_SOMETHING)]
ChatId = Annotated[str, StringConstraints(pattern=rf"^sess_{ID_PATTERN}$")]
Person = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PLAIN)]
Status = Literal["active", "waiting", "escalated", "resolved", "ended"]


def _fits(note: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(note).encode()) > LARGEST_NOTE:
        raise ValueError("takes at most 16 KB")
    return note


Note = Annotated[dict[str, Any], AfterValidator(_fits)]


def _plain_digits(value: object) -> object:
    """A number in an address: digits and nothing else, not `1_0`, ` 10` or `1e1`."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"-?[0-9]{1,10}", value):
        raise ValueError("a whole number is wanted")
    return int(value)


Digits = Annotated[int, BeforeValidator(_plain_digits)]
Seq = Annotated[int, Field(ge=0, le=LARGEST_NUMBER), BeforeValidator(_plain_digits)]


def _whole(value: object) -> object:
    """5.0 is the number 5 in JSON; "5" and true are not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]


class Credentials(Asked):
    """Name and password of a member of staff."""

    username: str = Field(min_length=1, max_length=64, examples=["teller"])
    password: str = Field(min_length=1, max_length=1024, examples=["Password123!"])


class NewSession(Asked):
    """A session to open. Whose it is, is the caller, if nobody is named."""

    userId: Person | None = Field(None, description="The caller's own id or user name, or, with the right, another's")  # noqa: N815
    user_id: Person | None = None
    metadata: Note | None = Field(None, description="Kept and given back; at most 16 KB")
    userData: Note | None = None  # noqa: N815
    customerRef: Annotated[str, StringConstraints(max_length=32, pattern=PLAIN)] | None = Field(  # noqa: N815
        None, description="Customer number", examples=["10-2041"]
    )


class NewMessage(Asked):
    """Something said; `content` and `message` are the same thing in two spellings: send one of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["content"], "properties": {"content": {"type": "string"}}},
                {"required": ["message"], "properties": {"message": {"type": "string"}}},
            ]
        }
    )

    content: Text | None = Field(None, examples=["what is the balance"])
    message: Text | None = None
    type: Annotated[str, StringConstraints(max_length=32, pattern=PLAIN)] | None = Field(None, examples=["text"])
    metadata: Note | None = Field(None, description="Kept and given back; at most 16 KB")
    attachments: Annotated[list[dict[str, Any]], Field(max_length=10)] | None = Field(
        None, description="Kept and given back; not read by the assistant"
    )
    clientMessageId: Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=PLAIN)] | None = Field(  # noqa: N815
        None, description="Like `Idempotency-Key`, within the session"
    )

    @model_validator(mode="after")
    def _is_one_text(self) -> Self:
        if (self.content is None) == (self.message is None):
            raise ValueError("send `content` or `message`, one of them")
        return self

    @property
    def text(self) -> str:
        """What is said."""
        return self.content or self.message or ""

    @property
    def noted(self) -> dict[str, Any] | None:
        """What the program said about it."""
        said = self.model_dump(include={"type", "metadata", "attachments"}, exclude_none=True)
        return said or None


class FormMessage(Asked):
    """The same as a form."""

    message: Text

    @property
    def text(self) -> str:
        """What is said."""
        return self.message

    noted: ClassVar[None] = None
    clientMessageId: ClassVar[None] = None  # noqa: N815


class MessageSomewhere(NewMessage):
    """The same, for the address that does not name the session: the header or this body does."""

    sessionId: ChatId | None = None  # noqa: N815
    session_id: ChatId | None = None


class Repeatable(Asked):
    """The header that makes a repeat of a request the same request."""

    model_config = ConfigDict(strict=False)

    idempotency_key: Annotated[str, StringConstraints(pattern=r"^[!-~][ -~]{0,254}$")] | None = Field(
        None, alias="Idempotency-Key", description="Any text; a repeat with it gets the first answer, for 24 hours"
    )


class RepeatableSomewhere(Repeatable):
    """The same, with the header that names the session."""

    session: Annotated[ChatId | None, BeforeValidator(lambda named: named or None)] = Field(
        None, alias="X-Session-ID", description="The session the message is for"
    )


class NewRating(Asked):
    """What somebody thinks of a reply. Reason and note belong to a thumb down; with a thumb up they are forgotten."""

    thumb: Literal["up", "down"]
    reason: Literal["wrong", "not_ours", "incomplete", "wrong_specialist", "unclear", "other"] | None = None
    note: Annotated[str, StringConstraints(max_length=LONGEST_NOTE, pattern=PLAIN)] | None = Field(
        None, description="Read by reviewers; card numbers are masked", examples=["It names last year's fee"]
    )


def _is_specialist(agent: str) -> str:
    if agent not in AGENTS:
        raise ValueError("there is no such specialist: /api/agents lists them")
    return agent


class Instead(Asked):
    """Whom to ask instead."""

    agent: Annotated[str, AfterValidator(_is_specialist), WithJsonSchema({"type": "string", "enum": AGENTS})] = Field(
        examples=["disputes"]
    )


class StatusAsked(Asked):
    """Where a session is to stand; here or in the address."""

    status: Status | None = None


class StatusInAddress(Asked):
    """Where a session is to stand."""

    model_config = ConfigDict(strict=False)

    status: Status | None = None


class Notes(Asked):
    """How a case was solved."""

    notes: Annotated[str, StringConstraints(max_length=2000, pattern=PLAIN)] | None = None


class Wanted(Asked):
    """Which sessions, and which piece of the list. `cursor` is from a `Link` header; it outlives insertions."""

    model_config = ConfigDict(strict=False)

    user_id: Person | None = Field(None, description="A user's id or name")
    status: Status | None = None
    q: Annotated[str, StringConstraints(max_length=80, pattern=PLAIN)] | None = Field(
        None, description="Words in title or customer"
    )
    limit: Digits = Field(20, ge=1, le=100)
    offset: Digits = Field(0, ge=0, le=1_000_000)
    cursor: Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_-]*$")] | None = None


class OfPerson(Asked):
    """Which of a person's sessions."""

    model_config = ConfigDict(strict=False)

    type: Annotated[str, WithJsonSchema({"type": "string", "enum": ["active", "unresolved", "recent"]})] = "active"
    limit: Digits = Field(20, ge=1, le=100)


class Days(Asked):
    """How old."""

    model_config = ConfigDict(strict=False)

    days: Digits = Field(30, ge=1, le=36_500)


class Piece(Asked):
    """Which messages: from the beginning, or after a number."""

    model_config = ConfigDict(strict=False)

    limit: Digits = Field(50, ge=1, le=100)
    offset: Digits = Field(0, ge=0, le=LARGEST_NUMBER)
    after: Seq | None = Field(None, description="Only messages with a higher `seq`")


class Latest(Asked):
    """How many of the last messages."""

    model_config = ConfigDict(strict=False)

    limit: Digits = Field(50, ge=1, le=100)


class LatestOf(Latest):
    """The same, of which session."""

    sessionId: ChatId  # noqa: N815


class Search(Asked):
    """A search in the handbook."""

    query: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=SAYS_SOMETHING)]
    limit: Whole = Field(5, ge=1, le=20)


class Following(Asked):
    """Where to go on in the event stream."""

    model_config = ConfigDict(strict=False)

    last_event_id: Annotated[str, StringConstraints(max_length=64, pattern=r"^[!-~]*$")] | None = Field(
        None, alias="Last-Event-ID", description="The last event received; without it the stream begins now"
    )


Event = Literal[
    "session.created", "message.created", "reply.done", "session.escalated", "session.ended", "proposal.created",
    "proposal.done", "proposal.failed",
]  # fmt: skip


class NewWebhook(Asked):
    """Where to send which events."""

    url: Annotated[str, StringConstraints(min_length=10, max_length=500, pattern=r"^https?://[!-~]+$")] = Field(
        examples=["https://crm.example.com/bankside"]
    )
    events: Annotated[list[Event], Field(min_length=1, max_length=len(EVENTS))]
