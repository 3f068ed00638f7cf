"""Reading what was said: messages, histories, and the knowledge base they rest on."""

from __future__ import annotations

from typing import cast

from flask import current_app
from flask.typing import ResponseReturnValue

from webapp.agents.roster import TEAM
from webapp.api import answers
from webapp.api.contract import asked_body, asked_query, says
from webapp.api.room import answer, bp
from webapp.api.schemas import asked, told
from webapp.api.sessions import readable
from webapp.bank.policy_library import PolicyLibrary
from webapp.http.access import staff
from webapp.http.programs import for_scope
from webapp.models.base import now
from webapp.models.programs import Scope
from webapp.services import history
from webapp.services.handbook import seen_by


@bp.get("/chat/sessions/<chat:chat_id>/messages")
@says(query=asked.Piece, ok=told.Messages, tag="Messages")
def messages(chat_id: str) -> ResponseReturnValue:
    """What was said, oldest first; `after` gives what came since."""
    wanted: asked.Piece = asked_query()
    chat = readable(chat_id)
    said = history.page(chat, wanted.limit, wanted.offset, wanted.after)
    return answer(told.Messages(messages=answers.messages(said.messages), total=said.total, session_id=chat.id))


@bp.get("/sessions/<chat:chat_id>/history")
@says(query=asked.Latest, ok=told.History, tag="Messages")
def history_of(chat_id: str) -> ResponseReturnValue:
    """The last messages, oldest first."""
    wanted: asked.Latest = asked_query()
    return _history(chat_id, wanted.limit)


@bp.get("/chat/history")
@says(query=asked.LatestOf, ok=told.History, tag="Messages")
def history_somewhere() -> ResponseReturnValue:
    """The same, with the session in the query."""
    wanted: asked.LatestOf = asked_query()
    return _history(wanted.sessionId, wanted.limit)


def _history(chat_id: str, limit: int) -> ResponseReturnValue:
    chat = readable(chat_id)
    said = answers.messages(history.latest(chat, limit).messages)
    return answer(told.History(session_id=chat.id, history=said, count=len(said), timestamp=now()))


@bp.post("/chat/search")
@for_scope(Scope.READ)
@says(body=asked.Search, ok=list[told.Found], tag="Knowledge")
def search() -> ResponseReturnValue:
    """Passages of the bank's handbook, best first. It changes nothing."""
    wanted: asked.Search = asked_body()
    library = seen_by(cast(PolicyLibrary, current_app.extensions["bankside.library"]), staff().role.rights)
    found = library.search(wanted.query, wanted.limit)
    return answer(
        [
            told.Found(
                content=passage.text,
                metadata={
                    "articleId": passage.article_id,
                    "version": passage.version,
                    "title": passage.title,
                    "section": passage.section,
                    "effectiveOn": passage.effective_on.isoformat(),
                    "audience": passage.audience,
                },
                relevance_score=min(1.0, max(0.0, passage.score)),
                rank=rank,
            )
            for rank, passage in enumerate(found, start=1)
        ]
    )


@bp.get("/agents")
@says(ok=told.Agents, tag="Knowledge")
def agents() -> ResponseReturnValue:
    """The team, with what each has done so far."""
    counted = history.counted()
    nothing = history.Counted(0, None)
    team = [
        told.AgentTold(
            id=agent.key,
            name=agent.title,
            purpose=agent.purpose,
            tools=list(agent.tools),
            hands_over_to=list(agent.hands_over_to),
            replies=counted.get(agent.key, nothing).replies,
            mean_confidence=counted.get(agent.key, nothing).mean_confidence,
        )
        for agent in TEAM
    ]
    return answer(told.Agents(agents=team, count=len(team), timestamp=now()))
