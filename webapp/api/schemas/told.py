"""What programs are answered. Every field is always there; both spellings of each come from `spelling.Told`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from webapp.api.schemas.asked import Event, Status
from webapp.api.spelling import Moment, Told

Object = dict[str, Any]


class User(Told):
    """A member of staff."""

    user_id: str
    username: str
    role: str
    display_name: str


class SignedIn(Told):
    """A token and whose it is."""

    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the kind of token
    expires_at: Moment
    scopes: list[str]
    user: User


class Context(Told):
    """What the conversation is about."""

    current_intent: str | None
    previous_intents: list[str]
    entities: Object
    preferences: Object


class ChatSessionTold(Told):
    """A session as the Node system's clients know it."""

    session_id: str
    user_id: str
    created_at: Moment
    last_activity: Moment
    is_active: bool
    user_data: Object
    message_count: int
    conversation_context: Context


class ManagedSession(Told):
    """A session as its session store told of it."""

    session_id: str
    user_id: str
    created_at: Moment
    last_access_time: Moment
    expires_at: Moment = Field(description="When a clean-up of 30 days may take it, unless something happens")
    is_active: bool
    metadata: Object


class Session(Told):
    """A session."""

    session_id: str
    user_id: str
    thread_id: str
    status: Status
    title: str
    customer_ref: str | None
    created_at: Moment
    last_activity: Moment
    message_count: int
    metadata: Object
    chat_session: ChatSessionTold
    session: ManagedSession
    timestamp: Moment


class SessionsOf(Told):
    """Sessions of a person."""

    sessions: list[Session]
    count: int


class Source(Told):
    """A passage of the handbook that an answer rests on."""

    number: int
    article_id: str
    version: int
    title: str
    section: str
    content: str
    effective_on: str
    audience: Literal["customer", "staff"] | None = Field(description="Who may hear it; null: not known")


class Part(Told):
    """A part of an answer by who may hear it. "customer": may be said to the customer; "staff": not; "": for the person
    who asked."""

    audience: Literal["customer", "staff", ""]
    content: str


class Action(Told):
    """Something the person could do next."""

    type: str
    label: str


class Message(Told):
    """Something said. `state` is how far a reply has come; what a person said is `done`."""

    id: str
    seq: int
    role: Literal["user", "assistant", "notice"]
    content: str
    parts: list[Part] = Field(description="An answer cut by who may hear it; empty for what is none")
    timestamp: Moment
    state: Literal["pending", "running", "done", "stopped", "failed"]
    agent: str | None
    intent: str | None
    confidence: float | None
    sources: list[Source]
    tools_used: list[str]
    processing_time: float = Field(description="Seconds from the question to the answer")
    suggested_actions: list[Action]
    quick_replies: list[str]
    requires_escalation: bool
    metadata: Object


class Rating(Told):
    """What somebody thinks of a reply; all null: they have not said."""

    message_id: str
    thumb: Literal["up", "down"] | None
    reason: Literal["wrong", "not_ours", "incomplete", "wrong_specialist", "unclear", "other"] | None
    note: str | None
    at: Moment | None


class AgentResult(Told):
    """How the reply was made."""

    processing_time: int = Field(description="Milliseconds from the question to the answer")
    agents_involved: list[str]


class Turn(Told):
    """A question with its reply."""

    session_id: str
    message: Message
    response: Message
    agent_result: AgentResult
    timestamp: Moment


class Accepted(Told):
    """A question whose reply is still being made: ask for it at `reply` (also in `Location`)."""

    session_id: str
    message: Message
    reply: str
    timestamp: Moment


class ReplyText(Told):
    """A reply as the FastAPI system's clients know it."""

    message: str
    sources: list[Source]
    requires_escalation: bool
    confidence: float | None
    session_id: str
    timestamp: Moment
    processing_time: float
    metadata: Object


class Messages(Told):
    """A piece of a conversation, oldest first."""

    messages: list[Message]
    total: int
    session_id: str


class History(Told):
    """The end of a conversation, oldest first."""

    session_id: str
    history: list[Message]
    count: int
    timestamp: Moment


class Resumed(Told):
    """A session taken up again."""

    success: Literal[True] = True
    session_id: str
    session: ManagedSession
    history: list[Message]
    message: str


class Deleted(Told):
    """A session that is gone."""

    message: str
    session_id: str
    success: Literal[True] = True


class CleanedUp(Told):
    """What a clean-up did."""

    message: str
    sessions_deleted: int
    sessions_kept: int = Field(description="As old, and kept: they are active")
    cutoff_date: Moment


class Found(Told):
    """A passage of the handbook."""

    content: str
    metadata: Object
    relevance_score: float = Field(ge=0, le=1)
    rank: int


class AgentTold(Told):
    """One specialist of the team."""

    id: str
    name: str
    purpose: str
    tools: list[str]
    hands_over_to: list[str]
    replies: int = Field(description="Replies made so far, over everything that is stored")
    mean_confidence: float | None


class Agents(Told):
    """The team."""

    agents: list[AgentTold]
    count: int
    timestamp: Moment


class Route(Told):
    """One address."""

    path: str
    methods: list[str]
    summary: str


class Index(Told):
    """What this is."""

    name: str
    description: str
    version: str
    documentation: str
    openapi: str
    routes: list[Route]


class WebhookTold(Told):
    """A registered webhook."""

    id: str
    url: str
    events: list[Event]
    created_at: Moment


class NewWebhookTold(WebhookTold):
    """The same with its secret, which is shown once."""

    secret: str


class Webhooks(Told):
    """The caller's webhooks."""

    webhooks: list[WebhookTold]
    count: int


class DeliveryTold(Told):
    """One event for a webhook, and how far its delivery has come."""

    id: str
    event: Event
    session_id: str
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    last_status: int | None
    last_problem: str | None
    created_at: Moment
    next_attempt_at: Moment | None
    finished_at: Moment | None


class Deliveries(Told):
    """The latest deliveries to a webhook, newest first."""

    deliveries: list[DeliveryTold]
    count: int


class WrongField(BaseModel):
    """A field that is not what it must be."""

    field: str
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457); `detail` says what to do, the request id finds it in the log."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    requestId: str  # noqa: N815
    request_id: str
    errors: list[WrongField] | None = None
