"""What a model wrote, as safe HTML: Markdown by markdown-it-py, then only what nh3's allow-list lets through."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import nh3
from flask import Flask, g, request, url_for
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from webapp.agents.audience import parts
from webapp.agents.roster import TITLES
from webapp.http.access import staff
from webapp.http.headers import csp_nonce
from webapp.http.panels import caller_checked
from webapp.http.settings import config
from webapp.http.sources import standing_of_source
from webapp.models import ChatSession, CitedPassage, ModelUse, Proposal, Rating, Reply
from webapp.services import proposals, ratings, rerouting
from webapp.services.proposals import Standing

LONGEST = 50_000  # characters of one answer; what is beyond is cut
TAGS = {
    "p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"a": {"href"}, "th": {"class"}, "td": {"class"}, "ol": {"start"}}
ALLOWED_CLASSES = {"th": {"right", "center"}, "td": {"right", "center"}}
CITATION_MARK = re.compile(r"\[(\d{1,2})\]")
OWN_OR_MAIL = re.compile(r"(https?://|mailto:|/(?![/\\]))", re.IGNORECASE)

_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def _href(tag: str, attribute: str, value: str) -> str | None:
    if tag == "a" and attribute == "href":
        return value if OWN_OR_MAIL.match(value) else None
    return value


def markdown(text: str) -> Markup:
    """A text as safe HTML: no raw HTML, no images, links only to http(s), mail and our own paths.

    Tables scroll in themselves and are reachable by keyboard; alignment is a class, because styles are forbidden.
    """
    html = _markdown.render(text[:LONGEST])
    html = re.sub(r'<(t[hd]) style="text-align:(right|center|left)">', r'<\1 class="\2">', html)
    html = re.sub(r"<(/?)h[12]>", r"<\1h3>", html)
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes={},
        attribute_filter=_keep_known,
        link_rel="noopener noreferrer",
        url_schemes={"http", "https", "mailto"},
    )
    clean = clean.replace("<table>", '<div class="table" tabindex="0" role="group" aria-label="Table"><table>')
    return Markup(clean.replace("</table>", "</table></div>"))  # noqa: S704  # just sanitised


def _keep_known(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "class":
        return value if value in ALLOWED_CLASSES.get(tag, set()) else None
    return _href(tag, attribute, value)


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A part of an answer for the same ears, its blocks as safe HTML with whether each only names a source."""

    audience: str  # "customer", "staff" or ""
    blocks: list[tuple[Markup, bool]]


def answer_parts(reply: Reply, beside: bool = True) -> list[ShownPart]:
    """A reply cut into what may be said to the customer, what is for staff only, and what is neither.

    Its [1] marks are links to the cited passages, opened beside the conversation where there is a place for that.
    """
    audiences = {citation.number: citation.audience or "" for citation in reply.citations}
    return [
        ShownPart(part.audience, [(_linked(reply, block.text, beside), block.is_source) for block in part.blocks])
        for part in parts(reply.text, audiences)
    ]


def _linked(reply: Reply, text: str, beside: bool) -> Markup:
    """A text as safe HTML with links for its marks."""
    cited = {citation.number: citation for citation in reply.citations}

    def mark(match: re.Match[str]) -> str:
        citation = cited.get(int(match[1]))
        return str(_citation_link(reply, citation, beside)) if citation else match.group()

    # Marks are replaced in text only: an attribute of a link cannot hold one, brackets there are percent-encoded.
    return Markup(CITATION_MARK.sub(mark, str(markdown(text))))  # noqa: S704  # sanitised above


def own_rating(reply: Reply) -> Rating | None:
    """What the person looking thinks of a reply; asked for once for a whole session."""
    known: dict[str, dict[int, Rating]] = g.setdefault("own_ratings", {})
    if request.method != "GET" or reply.chat_id not in known:
        known[reply.chat_id] = ratings.own_in(staff(), reply.chat_id)
    return known[reply.chat_id].get(reply.id)


def _citation_link(reply: Reply, citation: CitedPassage, beside: bool) -> Markup:
    address = escape(url_for("chat.source", chat_id=reply.chat_id, citation_id=citation.id))
    label = escape(f"Source {citation.number}: {citation.title}")
    return Markup('<a class="cite" href="{0}" {1} aria-label="{2}">{3}</a>').format(
        address, into_source_panel(address) if beside else "", label, citation.number
    )


def into_source_panel(address: str) -> Markup:
    """The attributes of a link that opens a source beside the conversation.

    All of them share one queue: of two chosen quickly the newer takes the place of the older, whose answer would
    otherwise put another panel where the newer one's is going.
    """
    return Markup(
        'hx-get="{0}" hx-target="#source" hx-swap="outerHTML" hx-sync="#case-panel:replace" hx-nonce="{1}"'
    ).format(address, csp_nonce())


def standing_of(proposal: Proposal, chat: ChatSession) -> Standing:
    """What the person looking may do with a proposal now."""
    if "caller_level" not in g:
        g.caller_level = caller_checked(chat).level
    return proposals.standing(staff(), chat, proposal, g.caller_level)


def proposals_version(reply: Reply, chat: ChatSession) -> str:
    """Changes whenever a card of this reply looks different to the person looking: pages swap it only then."""
    parts = [f"{one.id}-{one.shown_state}-{standing_of(one, chat)}" for one in reply.proposals]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12] if parts else ""


def model_cost(use: ModelUse) -> str:
    """What asking a language model cost, in the currency its prices are in."""
    return f"{use.cost:.4f} {config().llm_currency}"


def init_app(app: Flask) -> None:
    """Let templates render what was said."""
    app.jinja_env.globals.update(
        markdown=markdown,
        answer_parts=answer_parts,
        into_source_panel=into_source_panel,
        standing_of=standing_of,
        proposals_version=proposals_version,
        standing_of_source=standing_of_source,
        own_rating=own_rating,
        reasons=ratings.REASONS,
        ask_instead_of=rerouting.others,
        agent_titles=TITLES,
        model_cost=model_cost,
    )
