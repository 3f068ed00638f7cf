"""Sessions: opened, shown, listed."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from webapp.api import answers
from webapp.api.contract import asked_body, asked_headers, asked_query, says
from webapp.api.once import once
from webapp.api.room import answer, bp
from webapp.api.schemas import asked, told
from webapp.http.access import staff
from webapp.http.oversight import record_following
from webapp.http.settings import core_banking
from webapp.models import ChatSession, StaffUser
from webapp.models.chat import UNFINISHED
from webapp.services import chats, kept_answers, listing
from webapp.services import staff as people
from webapp.services.errors import BadInput, NotAllowed
from webapp.services.masking import masked_note
from webapp.services.request_ids import new_request_id

ONLY_OWN = "You may open sessions for yourself only."


@bp.post("/sessions")
@says(
    body=asked.NewSession,
    headers=asked.Repeatable,
    created=told.Session,
    tag="Sessions",
    also=(409, 502),
)
def create_session() -> ResponseReturnValue:
    """Open a session. The answer comes when it is stored; with an `Idempotency-Key` a repeat opens nothing new."""
    wanted: asked.NewSession = asked_body()
    key: str | None = asked_headers().idempotency_key
    owner = _owner(wanted)
    customer = core_banking().customer(wanted.customerRef) if wanted.customerRef else None
    request_id = kept_answers.request_id_for(key) if key else new_request_id()

    def act() -> tuple[str, Response]:
        chat = chats.create(
            owner,
            request_id,
            customer,
            by=staff(),
            noted=masked_note(wanted.metadata),
            noted_user=masked_note(wanted.userData),
        )
        return chat.id, answer(answers.session(chat), 201, {"Location": url_for("api.session", chat_id=chat.id)})

    return once(key, act)


def _owner(wanted: asked.NewSession) -> StaffUser:
    """Whose session it will be. Both spellings must mean the same person."""
    names = {name for name in (wanted.userId, wanted.user_id) if name is not None}
    if len(names) > 1:
        raise BadInput("`userId` and `user_id` name two different people.", "Send one of them.")
    if not names:
        return staff()
    person = people.called(names.pop())
    if person is not None and person.id == staff().id:
        return staff()
    if person is None or not chats.may_open_for(staff(), person):
        raise NotAllowed(ONLY_OWN, "Leave `userId` out, or send your own user name.")
    return person


@bp.get("/sessions/<chat:chat_id>")
@says(ok=told.Session, tag="Sessions")
def session(chat_id: str) -> ResponseReturnValue:
    """One session."""
    return answer(answers.session(readable(chat_id)))


def readable(chat_id: str) -> ChatSession:
    """A session the person may read; reading somebody else's is recorded."""
    chat = chats.readable_chat(staff(), chat_id)
    record_following(chat)
    return chat


@bp.get("/sessions")
@says(query=asked.Wanted, ok=list[told.Session], tag="Sessions")
def sessions() -> ResponseReturnValue:
    """The sessions the person may read, newest activity first; the next page is in the `Link` header."""
    wanted: asked.Wanted = asked_query()
    filters = listing.Filters(q=wanted.q or "", status=wanted.status or "")
    if wanted.user_id is not None:
        narrowed = _of_person(wanted.user_id, filters)
        if narrowed is None:
            return answer([], headers={"X-Total-Count": "0"})
        filters = narrowed
    page = listing.chats_for(staff(), filters, wanted.cursor or "", wanted.limit, wanted.offset)
    headers = {"X-Total-Count": str(listing.count(staff(), filters))}
    if page.next_cursor:
        rest = {**request.args.to_dict(), "cursor": page.next_cursor}
        rest.pop("offset", None)
        headers["Link"] = f'<{url_for("api.sessions")}?{urlencode(rest)}>; rel="next"'
    return answer(answers.sessions(page.items), headers=headers)


def _of_person(name: str, filters: listing.Filters) -> listing.Filters | None:
    """The filters narrowed to one person's sessions; None if the caller can see none of theirs."""
    person = people.called(name)
    if person is None:
        return None
    if person.id == staff().id:
        return listing.Filters(q=filters.q, status=filters.status, mine="1")
    if not (staff().may("sessions.read_all") or staff().may("sessions.read_branch")):
        return None
    return listing.Filters(q=filters.q, status=filters.status, person=str(person.id))


@bp.get("/users/<person:user_id>/sessions")
@says(query=asked.OfPerson, ok=told.SessionsOf, tag="Sessions")
def sessions_of(user_id: str) -> ResponseReturnValue:
    """A person's sessions: `active` ones, `unresolved` ones (active, waiting or escalated), or all `recent` ones."""
    wanted: asked.OfPerson = asked_query()
    if wanted.type not in ("active", "unresolved", "recent"):
        raise BadInput("There is no such type of list.", "The types are: active, unresolved, recent.")
    filters = _of_person(user_id, listing.Filters(status="active" if wanted.type == "active" else ""))
    found = []
    if filters is not None:
        statuses = UNFINISHED if wanted.type == "unresolved" else None
        found = list(listing.chats_for(staff(), filters, size=wanted.limit, statuses=statuses).items)
    told_of = answers.sessions(found)
    return answer(told.SessionsOf(sessions=told_of, count=len(told_of)))
