"""Sessions: opened, found, renamed, moved on, ended, deleted. Authorised by how they are loaded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias, TypedDict

from sqlalchemy import ColumnElement, delete, func, or_, select, true
from sqlalchemy.exc import IntegrityError

from webapp.bank.values import Customer
from webapp.extensions import db
from webapp.models import ChatSession, StaffUser
from webapp.models.base import new_id, now
from webapp.models.chat import ACCENTS, UNFINISHED, ChatStatus
from webapp.services import audit, outbox, proposals
from webapp.services.errors import BadInput, ChatNotFound, CustomerFixed, MoveNotAllowed, NotAllowed
from webapp.services.masking import mask_card_secrets

Noted: TypeAlias = dict[str, Any]

UNTITLED = "New session"
STATUS_LABELS = {
    ChatStatus.ACTIVE: "Active",
    ChatStatus.WAITING: "Waiting",
    ChatStatus.ESCALATED: "Escalated",
    ChatStatus.RESOLVED: "Resolved",
    ChatStatus.ENDED: "Ended",
}
END_REASONS = {
    "solved": "Solved",
    "passed_on": "Passed on to somebody else",
    "customer_left": "The customer left",
    "no_answer": "No answer found",
    "mistake": "Opened by mistake",
}
TITLE_LENGTH = 80
ID_ATTEMPTS = 3  # with an id somebody has already: less likely than a wrong sum in the machine


class CleanUp(TypedDict):
    """What a clean-up did or, in a dry run, would do."""

    deleted: int
    kept_active: int
    cutoff: str


def readable_by(staff: StaffUser) -> ColumnElement[bool]:
    """Which sessions this person may read: their own, their branch's, or all, as their role says."""
    if staff.may("sessions.read_all"):
        return true()
    if staff.may("sessions.read_branch"):
        return or_(ChatSession.staff_id == staff.id, ChatSession.branch == staff.branch)
    return ChatSession.staff_id == staff.id


def readable_chat(staff: StaffUser, chat_id: str) -> ChatSession:
    """A session this person may read; raises `ChatNotFound` for any other, existing or not."""
    chat = db.session.scalar(select(ChatSession).where(ChatSession.id == chat_id, readable_by(staff)))
    if chat is None:
        raise ChatNotFound
    return chat


def chat_of(staff: StaffUser, chat_id: str) -> ChatSession:
    """A session of this person's own, to write into; another person's does not exist (`ChatNotFound`).

    Raises `NotAllowed` for somebody whose role only reads (any more).
    On PostgreSQL the row is locked until the request ends, so that two writers take turns; SQLite has one writer
    at a time anyway.
    """
    chat = db.session.scalar(
        select(ChatSession)
        .where(ChatSession.id == chat_id, ChatSession.staff_id == staff.id)
        .with_for_update(of=ChatSession)
        .execution_options(populate_existing=True)
    )
    if chat is None:
        raise ChatNotFound
    if not staff.may("sessions.use"):
        raise NotAllowed("Your role reads sessions; it does not write in them.")
    return chat


def may_delete(staff: StaffUser, chat: ChatSession) -> bool:
    """Managers delete sessions of their own branch."""
    return staff.may("sessions.delete") and (chat.branch == staff.branch or chat.staff_id == staff.id)


def create(
    staff: StaffUser,
    request_id: str,
    customer: Customer | None = None,
    title: str = "",
    *,
    by: StaffUser | None = None,
    noted: Noted | None = None,
    noted_user: Noted | None = None,
) -> ChatSession:
    """Open a session. The same request id opens it once: a repeat gets the first one, whatever else it says.

    `by` opens it for somebody else (`may_open_for`). `noted` and `noted_user` are a program's own words about it.
    """
    if not staff.may("sessions.use"):
        raise NotAllowed("Your role reads sessions; it does not open them.")
    existing = _opened_by(staff, request_id)
    if existing:
        return existing
    chat = ChatSession(
        staff_id=staff.id,
        branch=staff.branch,
        request_id=request_id,
        title=mask_card_secrets(title)[:TITLE_LENGTH] or UNTITLED,
        titled_by_hand=bool(title),
        accent=_next_accent(staff),
        noted=noted,
        noted_user=noted_user,
    )
    if customer:
        _attach(chat, customer)
    _refresh_search_text(chat)
    for attempt in range(1, ID_ATTEMPTS + 1):
        try:
            with db.session.begin_nested():
                db.session.add(chat)
            break
        except IntegrityError:
            existing = _opened_by(staff, request_id)
            if existing is not None:  # the same form, a moment earlier, in another request
                return existing
            if attempt == ID_ATTEMPTS:
                raise
            chat.id, chat.thread_id = new_id("sess"), new_id("thread")
    if by is None or by.id == staff.id:
        audit.record(staff, "session.created", chat.id)
    else:
        audit.record(by, "session.created", chat.id, owner=staff.username)
    outbox.tell("session.created", chat)
    return chat


def may_open_for(staff: StaffUser, other: StaffUser) -> bool:
    """Whether a person may open sessions for another: with the right, for somebody of their branch who uses them."""
    return (
        staff.may("sessions.open_for_others")
        and other.branch == staff.branch
        and other.may("sessions.use")
        and not other.locked
    )


def _next_accent(staff: StaffUser) -> int:
    """Another colour than the session the person used last, so that two open tabs differ."""
    last = db.session.scalar(
        select(ChatSession.accent)
        .where(ChatSession.staff_id == staff.id)
        .order_by(ChatSession.last_activity_at.desc(), ChatSession.id.desc())
        .limit(1)
    )
    return (last or 0) % ACCENTS + 1


def _opened_by(staff: StaffUser, request_id: str) -> ChatSession | None:
    return db.session.scalar(
        select(ChatSession).where(ChatSession.staff_id == staff.id, ChatSession.request_id == request_id)
    )


def unfinished(staff: StaffUser) -> ChatSession | None:
    """The session this person worked on last and has not finished, if any."""
    return db.session.scalar(
        select(ChatSession)
        .where(ChatSession.staff_id == staff.id, ChatSession.status.in_(UNFINISHED))
        .order_by(ChatSession.last_activity_at.desc(), ChatSession.id.desc())
        .limit(1)
    )


def rename(staff: StaffUser, chat: ChatSession, title: str) -> None:
    """Give a session a title of the person's own."""
    chat.title = mask_card_secrets(title.strip())[:TITLE_LENGTH]
    chat.titled_by_hand = True
    _refresh_search_text(chat)
    audit.record(staff, "session.renamed", chat.id)


def title_from(chat: ChatSession, question: str) -> None:
    """Name an untitled session after its first question."""
    if chat.titled_by_hand or chat.title != UNTITLED:
        return
    words = " ".join(question.split())
    chat.title = words if len(words) <= 60 else words[:60].rsplit(" ", 1)[0] + " ..."
    _refresh_search_text(chat)


def _refresh_search_text(chat: ChatSession) -> None:
    chat.search_text = " ".join(
        part for part in (chat.title, chat.customer_name, chat.customer_number) if part
    ).casefold()[:240]


def _attach(chat: ChatSession, customer: Customer) -> None:
    chat.customer_number = customer.number
    chat.customer_name = customer.name


def may_change_customer(chat: ChatSession) -> bool:
    """A customer can be attached until one is; changed only while nothing was asked about them."""
    return chat.is_open and (chat.customer_number is None or chat.last_seq == 0)


def attach_customer(staff: StaffUser, chat: ChatSession, customer: Customer) -> None:
    """Say whom the session is about; raises `CustomerFixed` once questions were asked about another customer."""
    if chat.customer_number == customer.number:
        return
    if not may_change_customer(chat):
        raise CustomerFixed
    _attach(chat, customer)
    _refresh_search_text(chat)
    audit.record(staff, "session.customer_attached", chat.id, customer=customer.number)


def change_status(staff: StaffUser, chat: ChatSession, status: str) -> None:
    """Move a session on; raises `BadInput` for an unknown status, `MoveNotAllowed` naming the moves that are."""
    try:
        wanted = ChatStatus(status)
    except ValueError:
        raise BadInput("There is no such status.", "Choose one from the list.") from None
    if wanted == chat.status:
        return
    if wanted not in chat.moves:
        allowed = ", ".join(STATUS_LABELS[move] for move in chat.moves)
        raise MoveNotAllowed(
            f"A session that is {STATUS_LABELS[ChatStatus(chat.status)].lower()} cannot become "
            f"{STATUS_LABELS[wanted].lower()}.",
            f"It can become: {allowed}.",
        )
    before, chat.status = chat.status, wanted
    if before == ChatStatus.ENDED:
        chat.ended_at = chat.ended_by_name = None
    if wanted == ChatStatus.ENDED:
        chat.ended_at = now()
        chat.ended_by_name = staff.display_name
    chat.last_activity_at = now()
    audit.record(staff, "session.status_changed", chat.id, before=str(before), after=str(wanted))
    if wanted in (ChatStatus.ESCALATED, ChatStatus.ENDED):
        outbox.tell(f"session.{wanted}", chat)


def end(staff: StaffUser, chat: ChatSession, reason: str, summary: str) -> None:
    """End a session with a reason and a summary; ending an ended one raises `MoveNotAllowed`."""
    if chat.status == ChatStatus.ENDED:
        raise MoveNotAllowed("This session has already ended.", "Reopen it to go on.")
    change_status(staff, chat, ChatStatus.ENDED)
    chat.end_reason = reason
    chat.summary = mask_card_secrets(summary.strip()) or None


def resolve(staff: StaffUser, chat: ChatSession, notes: str = "") -> None:
    """Say that the case is solved, with notes that become the summary; again is fine, raises `MoveNotAllowed` if it has
    ended."""
    change_status(staff, chat, ChatStatus.RESOLVED)
    if notes.strip():
        chat.summary = mask_card_secrets(notes.strip())


def reopen(staff: StaffUser, chat: ChatSession) -> None:
    """Take a resolved or ended session up again."""
    change_status(staff, chat, ChatStatus.ACTIVE)


def remove(staff: StaffUser, chat_id: str) -> None:
    """Delete a session with its messages; raises `ChatNotFound`, or `NotAllowed` without the right."""
    chat = readable_chat(staff, chat_id)
    if not may_delete(staff, chat):
        raise NotAllowed("Only a manager of the session's branch can delete it.")
    if proposals.any_unsettled(chat.id):
        raise MoveNotAllowed("An order of this session is on its way to the bank.", "Wait until its outcome is known.")
    audit.record(staff, "session.deleted", chat.id, owner=chat.staff.username, messages=chat.last_seq)
    db.session.execute(delete(ChatSession).where(ChatSession.id == chat.id))
    db.session.expunge(chat)


def clean_up(staff: StaffUser | None, days: int, *, dry_run: bool = False) -> CleanUp:
    """Delete sessions without activity for that many days (at least 1) that are not active.

    What is in use is safe: status and age are checked in the statement that deletes. So is a session with an order that
    is on its way or whose outcome is not known: nobody could find that out any more. A person cleans up their own
    branch, the system (None) every one.
    """
    if days < 1:
        raise BadInput("The number of days must be at least 1.")
    cutoff = now() - timedelta(days=days)
    old = ChatSession.last_activity_at < cutoff
    if staff is not None:
        old &= ChatSession.branch == staff.branch
    idle = (ChatSession.status != ChatStatus.ACTIVE) & ChatSession.id.not_in(proposals.unsettled_chats())
    kept = db.session.scalar(select(func.count()).select_from(ChatSession).where(old, ~idle)) or 0
    if dry_run:
        count = db.session.scalar(select(func.count()).select_from(ChatSession).where(old, idle)) or 0
    else:
        gone = db.session.scalars(delete(ChatSession).where(old, idle).returning(ChatSession.id)).all()
        for chat_id in gone:
            audit.record(staff, "session.cleaned_up", chat_id, days=days)
        count = len(gone)
    return CleanUp(deleted=count, kept_active=kept, cutoff=cutoff.isoformat(timespec="seconds"))
