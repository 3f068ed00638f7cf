"""What somebody thinks of an answer, and asking another specialist instead: as the pages do it."""

from __future__ import annotations

from flask import Response
from flask.typing import ResponseReturnValue

from webapp.api import answers, messages
from webapp.api.contract import asked_body, says
from webapp.api.room import answer, bp
from webapp.api.schemas import asked, told
from webapp.http.access import staff
from webapp.http.moments import viewer_zone
from webapp.http.unit_of_work import unit_of_work
from webapp.models import Reply
from webapp.services import history, ratings, rerouting


def _reply(reply_id: int) -> Reply:
    """A reply of a session the token's owner may read."""
    return messages.as_reply(history.message_for(staff(), reply_id)[1])


@bp.get("/chat/messages/<row:reply_id>/rating")
@says(ok=told.Rating, tag="Messages")
def rating(reply_id: int) -> ResponseReturnValue:
    """What the token's owner thinks of a reply; `thumb` is null if they have not said."""
    reply = _reply(reply_id)
    return answer(answers.rating(reply, ratings.of(staff(), reply)))


@bp.post("/chat/messages/<row:reply_id>/rating")
@says(body=asked.NewRating, ok=told.Rating, tag="Messages", also=(409,))
def rate(reply_id: int) -> ResponseReturnValue:
    """Say what one thinks of a finished reply; said again, it replaces what was said before.

    A thumb down comes into the queue of answers to be reviewed. A thumb up has no reason and no note.
    """
    wanted: asked.NewRating = asked_body()
    reply = _reply(reply_id)
    ratings.rate(staff(), reply, wanted.thumb == "up", wanted.reason or "", wanted.note or "")
    return answer(answers.rating(reply, ratings.of(staff(), reply)))


@bp.delete("/chat/messages/<row:reply_id>/rating")
@says(nothing=None, tag="Messages")
def take_back_rating(reply_id: int) -> ResponseReturnValue:
    """Take back what one thought of a reply; having said nothing is fine."""
    ratings.take_back(staff(), _reply(reply_id))
    return Response(status=204)


@bp.post("/chat/messages/<row:reply_id>/instead")
@messages.asking
@says(body=asked.Instead, ok=told.Turn, accepted=told.Accepted, tag="Messages", also=(409,))
def ask_instead(reply_id: int) -> ResponseReturnValue:
    """Ask a reply's question again, of another specialist, and wait for the reply.

    Asked again of the same one, it is the turn that was made first. A 409 means that the reply is not finished, came
    from this specialist, or that the session has ended.
    """
    wanted: asked.Instead = asked_body()
    person = staff()
    with unit_of_work():
        chat, found = history.message_for(person, reply_id, to_write=True)
        turn = rerouting.ask_instead(chat, person, messages.as_reply(found), wanted.agent, viewer_zone())
        made = (chat.id, turn.question.id, turn.reply.id)
    return messages.make_and_wait(*made, is_new=not turn.repeated)
