"""Reading a question: which tasks it holds, with which values, in the light of what was said before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from webapp.agents.models.rules.entities import Entities, EntityReader, from_json
from webapp.agents.models.rules.examples import OUT_OF_SCOPE, Intent
from webapp.agents.models.rules.filling import picked
from webapp.agents.models.rules.follow_ups import follow_up
from webapp.agents.models.rules.memory import Awaiting, Memory
from webapp.agents.models.rules.order_details import PAUSES
from webapp.agents.models.rules.orders import block_reason
from webapp.agents.models.rules.phrases import (
    ASKS,
    BACK_TO,
    CARRIES_ON,
    CHANGES_MIND,
    DECIDES_IN_WORDS,
    GO_ON,
    HOW_TO_DO_THAT,
    INSTEAD,
    NARROWED_BY,
    NARROWING,
    NOT_MEANT,
    OF_CARDS,
    OF_KIND,
    OF_MOVEMENTS,
    TRANSFER_STATES,
    WHAT_THAT_COSTS,
)
from webapp.agents.models.rules.pieces import pieces_of, stands_beside, tells_a_story
from webapp.agents.models.rules.routing import Route, Router, Within
from webapp.agents.words import clean, tokens

# Below this the question is unclear. Probabilities are calibrated, so this is "hardly likelier right than wrong". The
# threshold a model comes with (0.69: nine in ten above it are right) holds back 2.2 % of held-out questions, not 0.2 %.
SURE = 0.45
SURE_OF_A_PART = 0.55  # a part of a message has to be surer to become a task of its own
FOREIGN = 0.7  # above this a question outside the examples is declined without asking the handbook
MOST_TASKS = 3

CONVERSATION = frozenset({"greeting", "thanks", "help"})
HANDBOOK = frozenset({"rates_fees", "how_to", "deadlines", "opening_hours"})
_ORDERS = frozenset({"transfer_money", "pay_bill", "international_transfer", "standing_order_change"})
_FUTURE = _ORDERS | {"upcoming"}
_MONEY = _ORDERS | frozenset(
    {"dispute_payment", "duplicate_check", "fees_charged", "report_fraud", "transfer_money", "change_card_limit"}
)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to be done, with the values it needs."""

    intent: Intent
    entities: Entities
    text: str  # the part of the message it comes from, spelling corrected
    confidence: float
    shown: str = ""  # when a line of a list shown before is meant: "transaction", "card" ...
    whole: str = ""  # the whole message, where a part of it may say what another part needs; spelling corrected
    said: str = ""  # the same as it was typed, for values that no spelling may change


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question turned out to be. Without tasks it is unclear, foreign, or about the conversation itself."""

    tasks: tuple[Task, ...]
    route: Route
    memory: Memory
    kind: str = "tasks"  # "tasks", "unclear", "foreign", "dropped", "still waiting", "by hand"
    other_customer: str = ""  # a customer number in the question that is not the session's
    kept: str = ""  # the question that was kept until a value came
    said: str = ""  # the message as it was typed, for values that no spelling may change


class Reader:
    """Turns a question and the memory of the turn before into a reading."""

    def __init__(self, router: Router | Within) -> None:
        self._router = router

    def read(self, question: str, memory: Memory, customer_number: str | None, today: date) -> Reading:
        """The reading of a question; the same question in the same place is always read the same."""
        memory = self._as_far_as_theirs(memory.for_customer(customer_number))
        text = clean(question)
        route = self._router.route(text)
        entities = self._entities(text, route, today)
        if NOT_MEANT.match(text) and memory.question:
            before = self._router.route(memory.question)
            others = tuple(one for one in before.ranked if one[0] != memory.intent)
            return Reading((), replace(route, ranked=others or route.ranked), memory, kind="misunderstood")
        if memory.awaiting:
            filled = self._filled(memory.awaiting, text, route, entities, memory, customer_number, today)
            if filled:
                return filled
        reading = self._carried_on(text, route, entities, memory, today) or self._fresh(
            text, route, entities, memory, today
        )
        other = entities.customer or ""
        if other and other != customer_number and any(task.intent.key not in HANDBOOK for task in reading.tasks):
            return replace(reading, other_customer=other)
        return reading

    def _as_far_as_theirs(self, memory: Memory) -> Memory:
        """What was said before, without what only another agent was waiting for or in the middle of."""
        if not isinstance(self._router, Within):
            return memory
        before = self._router.intents.get(memory.intent)
        same = before is not None and before.agent == self._router.agent
        return replace(memory, awaiting=None, intent=memory.intent if same else "")

    def _entities(self, text: str, route: Route, today: date, intent: str = "") -> Entities:
        key = intent or route.intent
        reader = EntityReader(today, self._router.spelling.knows)
        ahead = key in _FUTURE or PAUSES.search(text) is not None
        return reader.read(text, route.corrected, prefer="future" if ahead else "past", bare_amounts=key in _MONEY)

    def _fresh(self, text: str, route: Route, entities: Entities, memory: Memory, today: date) -> Reading:
        """A question that stands by itself, in one or several parts."""
        parts = self._parts(text, route, today)
        if len(parts) > 1:
            tasks = tuple(self._with_focus(task, memory) for task in parts)
            return Reading(tasks, route, memory)
        main = (
            parts[0] if parts else Task(self._router.intents[route.intent], entities, route.corrected, route.confidence)
        )
        if main.intent.key == OUT_OF_SCOPE:
            spoken = re.search(r"[^\W\d_]{2}", text) is not None
            foreign = spoken and (main.confidence >= FOREIGN or not route.concepts)
            return Reading((), route, memory, kind="foreign" if foreign else "unclear")
        if main.confidence < SURE:
            return Reading((), route, memory, kind="unclear")
        return Reading((self._with_focus(main, memory),), route, memory)

    def _parts(self, text: str, whole: Route, today: date) -> list[Task]:
        """The tasks of a message that clearly holds several; one task or none otherwise."""
        pieces = pieces_of(text)
        if len(pieces) < 2:
            return []
        if whole.intent in HANDBOOK and not all(ASKS.match(piece) for piece in pieces[1:]):
            return []  # "how do I block a card and order a new one" is one question
        story = tells_a_story(whole)
        found: list[Task] = []
        for piece in pieces[:12]:
            route = self._router.route(piece)
            intent = self._router.intents[route.intent]
            if (
                not route.concepts
                or route.confidence < SURE_OF_A_PART
                or (story and not stands_beside(whole, route, piece))
                or intent.key == OUT_OF_SCOPE
                or intent.key in CONVERSATION
            ):
                continue
            task = Task(intent, self._entities(piece, route, today), route.corrected, route.confidence)
            same = next((number for number, one in enumerate(found) if one.intent.key == intent.key), None)
            if same is None:
                found.append(task)
            else:
                found[same] = replace(found[same], entities=task.entities.over_older(found[same].entities))
        if len(found) == 1 and (
            whole.intent in CONVERSATION or (whole.intent != found[0].intent.key and whole.confidence < SURE)
        ):
            return found
        kinds = {task.intent.key for task in found}
        if len(kinds) < 2 or (whole.confidence > 0.9 and whole.intent not in kinds):
            return []
        return [self._sharing(task, found) for task in found[:MOST_TASKS]]

    @staticmethod
    def _sharing(task: Task, all_tasks: Sequence[Task]) -> Task:
        """A task that names no card or account takes the one another part of the message names."""
        own = task.entities
        if own.card or own.account or own.ending:
            return task
        other = next((one.entities for one in all_tasks if one.entities.card or one.entities.ending), None)
        return replace(task, entities=replace(own, card=other.card, ending=other.ending)) if other else task

    def _with_focus(self, task: Task, memory: Memory) -> Task:
        """Fill in what "it", "the card" or "the second one" means from what was shown before."""
        if task.intent.key == "stop_payment" and memory.intent == "transfers" and BACK_TO.search(task.text):
            task = replace(task, intent=self._router.intents["cancel_transfer"])  # what was shown is what "it" is
        entities = task.entities
        kind = OF_KIND.search(task.text)
        if kind and task.intent.agent == "cards" and not (entities.card or entities.ending):
            entities = replace(entities, card=kind[1].lower())
        if entities.ordinal and memory.shown_ids:
            item = memory.item(entities.ordinal)
            name = {"card": "card", "account": "account", "transfer": "transfer", "dispute": "dispute"}.get(
                memory.shown_kind, "item"
            )
            if item and not getattr(entities, name):
                entities = from_json({**entities.to_json(), name: item, "merchant": None, "hint": None})
        focus = memory.focus
        points_back = BACK_TO.search(task.text) is not None
        agent = task.intent.agent
        if (
            agent == "cards"
            and not (entities.card or entities.ending)
            and task.intent.key != "cards_overview"
            and "card" in focus
        ):
            entities = replace(entities, card=focus["card"])
        elif (
            points_back
            and agent == "payments"
            and not entities.transfer
            and "transfer" in focus
            and not entities.merchant
        ):
            entities = replace(entities, transfer=focus["transfer"])
        elif (
            points_back
            and (agent == "accounts" or task.intent.key == "statement")
            and not (entities.account or entities.ending or entities.card)
            and "account" in focus
        ):
            entities = replace(entities, account=focus["account"])
        if (
            task.intent.key == "duplicate_check"
            and points_back
            and not (entities.merchant or entities.exact)
            and "merchant" in focus
        ):
            entities = replace(entities, merchant=focus["merchant"], exact=focus.get("amount"), hint=None)
        if task.intent.key == "verify_transaction":
            points_back = re.search(r"\b(?:this|that|it)\b", task.text, re.I) is not None  # "was that really her?"
        if (
            task.intent.key in ("dispute_payment", "report_fraud", "verify_transaction")
            and points_back
            and not entities.item
            and "transaction" in focus
            and not (entities.merchant or entities.exact)
        ):
            entities = replace(entities, item=focus["transaction"])
        return replace(task, entities=entities)

    def _carried_on(self, text: str, route: Route, entities: Entities, memory: Memory, today: date) -> Reading | None:
        """A message that only places or narrows the question before: "and in October?", "the second one"."""
        before = self._router.intents.get(memory.intent)
        if before is None or before.key in CONVERSATION or before.key == OUT_OF_SCOPE:
            return None
        if (meant := follow_up(route.corrected, memory, before, today)) and meant.intent in self._router.intents:
            task = Task(self._router.intents[meant.intent], meant.entities, meant.question or route.corrected, 0.85)
            return Reading((task,), route, memory)
        words = [word for word in tokens(route.corrected) if word[0].isalpha()]
        names = set(tokens(f"{entities.merchant or ''} {entities.hint or ''} {entities.category or ''}"))
        narrowing = NARROWING if before.key in ("transactions", "spending") else NARROWING - OF_MOVEMENTS
        narrowing |= TRANSFER_STATES if before.key == "transfers" else frozenset()
        telling = [word for word in words if word not in narrowing and word not in names]
        bare = not telling and (bool(entities) or bool(words))
        if HOW_TO_DO_THAT.match(text) and before.agent != "orchestrator":
            question = before.procedure or memory.question
            return Reading((Task(self._router.intents["how_to"], Entities(), question, 0.85),), route, memory)
        if WHAT_THAT_COSTS.match(text) and before.agent != "orchestrator" and before.key not in HANDBOOK:
            question = f"fee: {before.procedure or memory.question}"
            return Reading((Task(self._router.intents["rates_fees"], Entities(), question, 0.85),), route, memory)
        if bare and entities.ordinal and words:
            if not memory.shown_ids:
                return Reading((), route, memory, kind="unclear")
            return self._line_shown(route, entities.ordinal, before, memory)
        if (
            before.key in HANDBOOK
            and CARRIES_ON.match(text)
            and len(words) <= 8
            and (bare or route.confidence < 0.8 or route.intent in HANDBOOK)
        ):
            question = f"{memory.question} {route.corrected}"
            return Reading((Task(before, entities, question, 0.8),), route, memory)
        named = set(entities.to_json()) & set(NARROWED_BY.get(before.key, OF_CARDS if before.agent == "cards" else ()))
        if before.key == "transfers" and TRANSFER_STATES & set(words):
            named.add("state")
        if OF_MOVEMENTS & set(words) and not CARRIES_ON.match(text):
            return None  # "payments to Kornblume" is a question of its own
        if not bare or not named or (route.confidence > 0.9 and not CARRIES_ON.match(text) and len(words) > 3):
            return None
        if before.key in HANDBOOK:
            return None
        again = self._entities(text, route, today, intent=before.key)
        task = Task(before, again.over_older(from_json(memory.entities)), route.corrected, 0.85)
        return Reading((task,), route, memory)

    def _line_shown(self, route: Route, ordinal: int, before: Intent, memory: Memory) -> Reading:
        item = memory.item(ordinal) or ""
        task = Task(before, Entities(item=item, ordinal=ordinal), route.corrected, 0.9, shown=memory.shown_kind)
        return Reading((task,), route, memory)

    def _filled(
        self,
        awaiting: Awaiting,
        text: str,
        route: Route,
        entities: Entities,
        memory: Memory,
        customer_number: str | None,
        today: date,
    ) -> Reading | None:
        """The kept question with the value it waited for; None when the message is about something else."""
        if awaiting.slot in ("on", "resume"):
            entities = self._entities(text, route, today, intent="upcoming")
        if awaiting.slot == "answer" and (said := picked(awaiting, text, entities)):
            return self._filled_with(awaiting, said, route, memory)  # here "no" is a value
        if awaiting.slot == "decision" and (changed := INSTEAD.match(text)):
            other = self._entities(changed[1], self._router.route(changed[1]), today, intent=awaiting.intent)
            if awaiting.intent in ("block_card", "replace_card") and (why := block_reason(changed[1])):
                other = Entities(reason=why)
            if other.exact or other.card or other.ending or other.account or other.iban or other.reason:
                return self._filled_with(awaiting, replace(other, direction=None, kind=None), route, memory)
        if CHANGES_MIND.match(text):
            return Reading((), route, memory, kind="dropped")
        if awaiting.slot == "decision":
            by_words = DECIDES_IN_WORDS.match(text) is not None
            return Reading((), route, memory, kind="by hand") if by_words else None
        own_question = (
            route.confidence >= 0.6 and route.intent not in CONVERSATION | {OUT_OF_SCOPE} and len(route.concepts) > 0
        )
        if awaiting.slot == "customer":
            if customer_number is None:
                said_who = bool(entities.customer) or (
                    not own_question and len(text.split()) <= 4 and route.intent not in CONVERSATION
                )
                return Reading((), route, memory, kind="still waiting", kept=awaiting.question) if said_who else None
            if own_question and not GO_ON.match(text):
                return None
            if not GO_ON.match(text) and len(text.split()) > 6:
                return None
            again = self.read(awaiting.question, replace(memory, awaiting=None), customer_number, today)
            named = replace(entities, merchant=None, hint=None, customer=None, limit=None, ordinal=None)
            tasks = (
                tuple(replace(task, entities=named.over_older(task.entities)) for task in again.tasks)
                if named
                else again.tasks
            )
            return replace(again, tasks=tasks, kept=awaiting.question)
        intent = self._router.intents.get(awaiting.intent)
        if intent is None:
            return None
        value = picked(awaiting, text, entities)
        if value is not None and not ASKS.match(text):
            return self._filled_with(awaiting, value, route, memory)
        value = self._value_for(awaiting, text, entities, plain=not own_question)
        if value is None or (
            own_question and route.intent != intent.key and (len(text.split()) > 6 or ASKS.match(text))
        ):
            return None
        return self._filled_with(awaiting, value, route, memory)

    def _filled_with(self, awaiting: Awaiting, value: Entities, route: Route, memory: Memory) -> Reading:
        """The kept task with its value, and the tasks that came after it in the same message."""
        kept = value.over_older(from_json(awaiting.entities))
        intents = [
            self._router.intents[key] for key in (awaiting.intent, *awaiting.rest) if key in self._router.intents
        ]
        tasks = tuple(Task(intent, kept, awaiting.question, 0.9) for intent in intents)
        return Reading(tasks, route, memory, kept=awaiting.question)

    def _value_for(self, awaiting: Awaiting, text: str, entities: Entities, plain: bool) -> Entities | None:
        """The value asked for, if the message has it; `plain`: the message asks nothing by itself."""
        lowered = text.lower()
        if awaiting.slot == "card":
            digits = entities.card or entities.ending
            if not digits and entities.ordinal and awaiting.choices:
                place = entities.ordinal - 1 if entities.ordinal > 0 else entities.ordinal
                digits = awaiting.choices[place] if place < len(awaiting.choices) else None
            if not digits:
                digits = next((choice for choice in awaiting.choices if choice in lowered), None)
            if not digits:
                kind = next((word for word in ("debit", "credit") if word in lowered), None)
                digits = next(
                    (
                        c
                        for c, label in zip(awaiting.choices, awaiting.labels, strict=False)
                        if kind and kind in label.lower()
                    ),
                    None,
                )
            return Entities(card=digits) if digits else None
        if awaiting.slot == "amount":
            found = re.search(r"\d[\d.,]*k?", lowered)
            if not found:
                return None
            exact = EntityReader(date.min, self._router.spelling.knows).read(text, text, bare_amounts=True)
            amount = exact.exact or exact.over or exact.under or exact.at_least or exact.at_most or exact.ending
            return Entities(**{awaiting.bound: amount}) if amount else None  # type: ignore[arg-type]
        named = replace(entities, direction=None, kind=None)
        if awaiting.slot == "payment" and (
            entities.merchant or entities.exact or entities.since or entities.item or entities.hint
        ):
            return named
        if awaiting.slot == "payment" and plain and not entities and 0 < len(text.split()) <= 3:
            return Entities(merchant=text)
        return None
