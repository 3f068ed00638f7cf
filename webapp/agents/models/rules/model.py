"""The built-in model: reads the question by rules and examples, and answers by scripts. Needs no network and no key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from webapp.agents.models.language_model import Decision, HandOver, Observation, Say, ToolCall, Turn, UseTools
from webapp.agents.models.rules.conversation import Reply, reply_to
from webapp.agents.models.rules.entities import Entities
from webapp.agents.models.rules.examples import OUT_OF_SCOPE, Intent
from webapp.agents.models.rules.memory import Awaiting, Memory, memory_from, remembered
from webapp.agents.models.rules.order_details import PIN_LETTER
from webapp.agents.models.rules.orders import alert_answer
from webapp.agents.models.rules.reading import CONVERSATION, HANDBOOK, Reader, Reading, Task
from webapp.agents.models.rules.routing import Within, router
from webapp.agents.models.rules.scripts import SCENES
from webapp.agents.models.rules.scripts.orders import PROPOSING
from webapp.agents.models.rules.scripts.part import Part, Scene, Script, Seen, card_of, quoted
from webapp.agents.models.rules.scripts.proposing import DECIDE, WAITS
from webapp.agents.roster import TEAM
from webapp.agents.wording import PANEL, count, listed, together
from webapp.agents.words import clean

_FOCUS = ("card", "account", "transfer", "transaction", "merchant", "amount")
WHO = "Carry it out in the core banking system as the handbook says, or ask for a person here."
WHO_ELSE = "Hand the session over, or carry it out in the core banking system as the handbook says if you may there."
_NO_MORE = "No more look-ups are possible for this question."
_SHOWN_BY = {
    "transaction": "transactions",
    "card": "card_status",
    "account": "account_details",
    "transfer": "transfers",
    "dispute": "disputes_status",
}
# About this customer rather than about a rule: nothing the handbook could answer by itself.
_PERSONAL = frozenset("she he her his hers him they their them my me".split())
_REFUSED_HANDOVER = "hand_over"


@dataclass(frozen=True, slots=True)
class _Need:
    """A call that has not been made yet, by the agent whose task needs it."""

    call: ToolCall
    agent: str
    reason: str


class RulesModel:
    """A language model without a language model; see `LanguageModel`. Trains itself from the examples on first use."""

    name = "rules"

    def decide(self, turn: Turn) -> Decision:
        """The next thing to do; the same turn is always decided the same way."""
        memory = remembered(turn.lines)
        question = turn.lines[-1].text if turn.lines else ""
        stored = json.dumps(memory.to_json(), sort_keys=True)
        asked_of = turn.lines[-1].agent if turn.lines else None
        reading = _read(question, stored, turn.customer_number, turn.now.date(), asked_of)
        reading = replace(reading, said=question)
        if turn.may_propose and asked_of in (None, "disputes"):  # alerts and disputes are theirs
            reading = _with_orders(reading, question)
        if reading.kind in ("unclear", "foreign"):
            return self._ask_the_handbook(turn, reading)
        if reading.kind != "tasks" or (reading.tasks and reading.tasks[0].intent.key in CONVERSATION):
            return self._say(turn, reading, reply_to(reading, turn.customer_number, turn.may_propose))
        if reading.other_customer:
            return self._say(turn, reading, _other_customer(reading, turn.customer_number))
        if reading.tasks[0].intent.key == "person":
            return self._with(turn, "person", reading.tasks[0].intent.because) or self._say(
                turn, reading, reply_to(reading, turn.customer_number)
            )
        return self._work(turn, reading)

    def warm_up(self) -> None:
        """Load the kept model now, or train and keep it, rather than at the first question."""
        router()

    def _work(self, turn: Turn, reading: Reading) -> Decision:
        """Play the scripts of all tasks as far as the observations go."""
        play = _Play(turn.observations)
        parts: list[tuple[Task, Part]] = []
        waiting: list[Task] = []
        card = ""
        for original in reading.tasks:
            task = original
            if task.shown and not task.entities.item:
                return self._say(turn, reading, _beyond_the_list(reading, task))
            said = reading.kept or reading.said
            task = replace(_line_meant(task), whole=router().route(clean(said)).corrected, said=said)
            if turn.may_propose and card and task.intent.agent == "cards" and not card_of(task.entities):
                task = replace(task, entities=replace(task.entities, card=card))  # "block it and order a new one"
            scene = _scene(task, turn.may_propose)
            if turn.customer_number is None and scene.waits_for_customer(task):
                waiting.append(task)
                continue
            outcome = play.through(scene.play(task), task)
            if isinstance(outcome, _Need):
                handed = self._with(turn, outcome.agent, outcome.reason)
                if handed:
                    return handed
                if turn.tools:
                    return UseTools((outcome.call,))
                outcome = Part(_NO_MORE)
            if outcome.awaiting and turn.may_propose:  # one thing is asked at a time; what comes after it is kept
                rest = tuple(one.intent.key for one in reading.tasks[reading.tasks.index(original) + 1 :])
                parts.append((task, replace(outcome, awaiting=replace(outcome.awaiting, rest=rest))))
                break
            parts.append((task, outcome))
            card = _card_of_last(play.facts) if outcome.proposed else card
        if not parts:
            handed = self._with(turn, waiting[0].intent.agent, waiting[0].intent.because)
            return handed or self._say(turn, reading, _customer_missing(reading, waiting))
        handed = (
            self._with(turn, parts[0][0].intent.agent, parts[0][0].intent.because) if not turn.observations else None
        )
        return handed or self._say(turn, reading, _joined(reading, parts, waiting, turn), play.facts)

    @staticmethod
    def _with(turn: Turn, agent: str, reason: str) -> HandOver | None:
        """A hand-over, unless the work is there already or cannot go there."""
        if turn.agent.key == agent or agent not in {colleague.key for colleague in turn.colleagues}:
            return None
        return HandOver(agent, reason)

    def _ask_the_handbook(self, turn: Turn, reading: Reading) -> Decision:
        """No intent is clear, or none at all: the handbook may know of it; otherwise ask back or decline."""
        asked = quoted(reading.route.corrected or "?")
        before = router().intents.get(reading.memory.intent)
        seen = next((one for one in turn.observations if one.call == asked), None)
        personal = _PERSONAL & set(reading.route.corrected.lower().replace("'", " ").split())
        if personal and before is not None and before.procedure:  # "will she get it back" is about what was before
            asked, personal = quoted(f"{before.procedure}, {reading.route.corrected}", passages=1), frozenset()
            seen = next((one for one in turn.observations if one.call == asked), None)
        if seen is None and turn.tools and (reading.kind == "foreign" or not personal):
            return UseTools((asked,))
        if seen is not None and seen.outcome == "ok":
            handed = self._with(turn, "handbook", "no record was clearly asked for, and the handbook speaks of it")
            reply = Reply(
                seen.text,
                "how_to",
                reading.route.confidence,
                suggestions=_suggested(reading),
                question=reading.route.corrected,
            )
            return handed or self._say(turn, reading, reply)
        return self._say(turn, reading, reply_to(reading, turn.customer_number))

    def _say(self, turn: Turn, reading: Reading, reply: Reply, facts: Sequence[Observation] = ()) -> Say:
        memory = _memory_after(reading, reply, facts, turn.customer_number)
        return Say(
            text=reply.text,
            intent=reply.intent,
            confidence=round(reply.confidence, 3),
            reason=reply.reason,
            suggestions=reply.suggestions,
            needs_person=reply.needs_person,
            memory=memory.to_json(),
            takes_back=reading.kind == "dropped",
        )


def _card_of_last(facts: Sequence[Observation]) -> str:
    """The card the last look-up was about."""
    found = facts[-1].facts.get("card") if facts else None
    return found if isinstance(found, str) else ""


def _scene(task: Task, may_propose: bool) -> Scene:
    """How a task is played: where proposals can be confirmed, what changes the bank is proposed."""
    if not may_propose:
        return SCENES[task.intent.key]
    if task.entities.answer and task.intent.key == "fraud_alerts":
        return PROPOSING["answer_alert"]
    if task.intent.key == "card_pin" and PIN_LETTER.search(task.said or task.whole):
        return PROPOSING["pin_letter"]
    return PROPOSING.get(task.intent.key, SCENES[task.intent.key])


def _with_orders(reading: Reading, question: str) -> Reading:
    """A reading with what only makes sense where something can be done: an alert that is answered."""
    known = router().intents
    if reading.kind in ("dropped", "by hand", "still waiting") or reading.kept:
        return reading
    answer = alert_answer(question, reading.memory)
    if answer:
        task = Task(known["fraud_alerts"], Entities(answer=answer), reading.route.corrected, 0.9)
        return replace(reading, tasks=(task,), kind="tasks")
    return reading


@lru_cache(maxsize=512)
def _read(question: str, stored: str, customer_number: str | None, today: date, asked_of: str | None = None) -> Reading:
    """A reading by everything it depends on; a turn is decided several times and read once."""
    within = Within(router(), asked_of) if asked_of and asked_of in TEAM else router()
    return Reader(within).read(question, memory_from(json.loads(stored)), customer_number, today)


class _Play:
    """The observations of a turn, given to the scripts in the order they were made."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        self._made = [one for one in observations if one.call.tool != _REFUSED_HANDOVER]
        self._next = 0
        self._told: set[str] = set()
        self.facts: list[Observation] = []

    def through(self, script: Script, task: Task) -> Part | _Need:
        """Run a script to its end, or to the first call that has not been made."""
        try:
            wanted = next(script)
            while True:
                seen = self._answer_to(wanted)
                if seen is None:
                    return _Need(wanted, task.intent.agent, task.intent.because)
                wanted = script.send(seen)
        except StopIteration as stopped:
            part: Part = stopped.value
            return part

    def _answer_to(self, wanted: ToolCall) -> Seen | None:
        earlier = next((one for one in self._made[: self._next] if one.call == wanted), None)
        if earlier is None:
            if self._next >= len(self._made):
                return None
            earlier = self._made[self._next]
            self._next += 1
            self.facts.append(earlier)
        repeated = earlier.text in self._told
        self._told.add(earlier.text)
        return Seen(earlier, repeated)


def _beyond_the_list(reading: Reading, task: Task) -> Reply:
    """A line was named that the list shown before does not have."""
    text = f"The list shown before has {count(len(reading.memory.shown_ids), 'line')}. Which one do you mean?"
    return Reply(text, task.intent.key, task.confidence, "a line of the list shown before is meant")


def _line_meant(task: Task) -> Task:
    """A line of a list shown before, as a task of whoever shows such lines."""
    if not task.shown:
        return task
    item = task.entities.item
    intent: Intent = router().intents[_SHOWN_BY.get(task.shown, task.intent.key)]
    if task.shown == "card":
        return replace(task, intent=intent, entities=Entities(card=item))
    if task.shown == "account":
        return replace(task, intent=intent, entities=Entities(account=item))
    if task.shown == "transfer":
        return replace(task, intent=intent, entities=Entities(transfer=item))
    if task.shown == "dispute":
        return replace(task, intent=intent, entities=Entities(dispute=item))
    return replace(task, intent=intent, entities=Entities(item=item))


def _joined(reading: Reading, parts: list[tuple[Task, Part]], waiting: list[Task], turn: Turn) -> Reply:
    """All parts in order, and a word about what still waits for a customer."""
    last_task, last = parts[-1]
    only = parts[0][1]
    if len(parts) == 1 and only.nothing_found and not reading.route.concepts:
        return reply_to(replace(reading, tasks=(), kind="foreign"), turn.customer_number)
    awaiting = next((part.awaiting for _, part in parts if part.awaiting), None)
    texts = [_cannot(parts, turn.proposed_by), *(part.text for _, part in parts)]
    proposed = [part for _, part in parts if part.proposed]
    if proposed:
        texts.append(WAITS if all(part.second for part in proposed) else DECIDE)
        awaiting = awaiting or _decision(reading, parts)
    if texts[0]:
        texts.append(WHO_ELSE if turn.proposed_by else WHO)
    asks_customer = waiting or (turn.customer_number is None and any(task.intent.change for task, _ in parts))
    if waiting:
        texts.append(f"For the rest ({listed([_topic(task) for task in waiting])}) a customer is needed. {PANEL}.")
    if asks_customer and awaiting is None:
        question = "; ".join(task.text for task in waiting) or reading.said
        awaiting = Awaiting("customer", question)
    suggestions = tuple(dict.fromkeys(one for _, part in parts for one in part.suggestions))
    own = reading.route.corrected.lower().strip(" ?.!")
    return Reply(
        text=together(*texts),
        intent=parts[0][0].intent.key,
        confidence=min(task.confidence for task, _ in parts),
        suggestions=tuple(one for one in suggestions if one.lower().strip(" ?.!") != own)[:3],
        needs_person=any(part.needs_person for _, part in parts),
        awaiting=awaiting,
        task=last_task,
        question=last_task.text if last_task.intent.key in HANDBOOK else reading.route.corrected,
        reason=last_task.intent.because if last.text else "",
    )


def _decision(reading: Reading, parts: list[tuple[Task, Part]]) -> Awaiting:
    """What waits for a person: "no, 80 EUR" makes another proposal of the last one, a bare "no" declines it."""
    task = next(task for task, part in reversed(parts) if part.proposed)
    return Awaiting("decision", reading.kept or reading.said, task.intent.key, task.entities.to_json())


def _cannot(parts: list[tuple[Task, Part]], proposed_by: str) -> str:
    """That nothing was changed, when something was to be, and who may; never left out, whatever else is said."""
    acts = {part.act: task.intent.key in PROPOSING for task, part in parts if part.act}
    if not acts:
        return ""
    theirs = [act for act, can_be in acts.items() if can_be and proposed_by]
    nobodys = [act for act in acts if act not in theirs]
    texts = [
        "Urgent: act now." if any(part.urgent for _, part in parts) else "",
        f"Your role may not {listed(theirs, 'or')} here. {proposed_by} may." if theirs else "",
        f"Bankside cannot {listed(nobodys, 'or')} itself yet, so nothing has been changed." if nobodys else "",
        "" if nobodys else "Nothing has been changed.",
    ]
    return " ".join(text for text in texts if text)


def _topic(task: Task) -> str:
    return task.intent.key.replace("_", " ")


def _customer_missing(reading: Reading, waiting: list[Task]) -> Reply:
    text = f"Which customer is this about? {PANEL}. Your question is kept and answered as soon as you write again."
    first = waiting[0]
    return Reply(
        text=text,
        intent=first.intent.key,
        confidence=min(task.confidence for task in waiting),
        suggestions=("What is the procedure for a lost card?", "What are the savings rates?"),
        awaiting=Awaiting("customer", reading.kept or reading.said),
        task=first,
        question=reading.route.corrected,
    )


def _other_customer(reading: Reading, number: str | None) -> Reply:
    other = reading.other_customer
    here = f"This session is about customer {number}" if number else "No customer is attached to this session"
    text = f"{here}, and the question names {other}. {PANEL}, then ask again."
    waiting = Awaiting("customer", re_asked(reading.route.corrected, other)) if number is None else None
    first = reading.tasks[0]
    return Reply(
        text, first.intent.key, first.confidence, awaiting=waiting, task=first, question=reading.route.corrected
    )


def re_asked(question: str, number: str) -> str:
    """The question without the customer number, as it is asked again once that customer is attached."""
    return " ".join(question.replace(number, " ").split())


def _suggested(reading: Reading) -> tuple[str, ...]:
    known = router().intents
    return tuple(known[key].ask for key, _ in reading.route.ranked if known[key].ask and key not in CONVERSATION)[:3]


def _memory_after(reading: Reading, reply: Reply, facts: Sequence[Observation], customer: str | None) -> Memory:
    """What the next turn has to know."""
    before = reading.memory
    focus = dict(before.focus)
    shown_kind, shown_ids = ("", ()) if reply.task else (before.shown_kind, before.shown_ids)
    for one in facts:
        for name in _FOCUS:
            value = one.facts.get(name)
            if isinstance(value, str):
                focus[name] = value
        shown = one.facts.get("shown")
        if isinstance(shown, dict):
            ids = shown.get("ids")
            shown_kind = str(shown.get("kind"))
            shown_ids = tuple(str(item) for item in ids) if isinstance(ids, list) else ()
    if reply.task and reply.task.shown:  # one line of a list was looked at: the list itself still stands
        shown_kind, shown_ids = before.shown_kind, before.shown_ids
    task = reply.task
    return Memory(
        intent=task.intent.key if task else ("how_to" if reply.intent in HANDBOOK else before.intent),
        entities=task.entities.to_json()
        if task and not task.shown
        else (before.entities if not task or task.shown else {}),
        question=reply.question or before.question,
        focus=focus,
        shown_kind=shown_kind,
        shown_ids=shown_ids,
        customer=customer or "",
        awaiting=reply.awaiting,
        unclear=before.unclear + 1 if reply.intent in ("unclear", OUT_OF_SCOPE) else 0,
    )
