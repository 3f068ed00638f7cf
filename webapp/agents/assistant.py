"""The one door: the loop that turns a transcript into an answer, telling each step as it happens."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from webapp.agents.citing import Bibliography
from webapp.agents.models.language_model import HandOver, LanguageModel, Observation, Say, ToolCall, Turn, UseTools
from webapp.agents.naming import without_customers_name
from webapp.agents.roster import Agent, Roster
from webapp.agents.tools import TOOLS
from webapp.agents.tools.registry import BadArgument, Registry, Tool, ToolResult
from webapp.agents.transcript import Answer, CallRecord, Desk, Line, ProposedAction, Step, Tell
from webapp.agents.wording import plain, together
from webapp.bank.errors import (
    AccountNotFound,
    BankError,
    BankUnavailable,
    CardNotFound,
    CustomerNotFound,
    OrderRefused,
)

MOST_CALLS = 8
MOST_DECISIONS = 2 * MOST_CALLS
LONGEST_ANSWER = 50_000  # characters

BANK_SILENT = "The bank's records did not answer. Ask again in a moment."
NO_SUCH_TOOL = "no such tool"
NO_MORE_CALLS = f"No more look-ups: {MOST_CALLS} are allowed for one question."
ASKED_FOR = "this specialist was asked for"
GAVE_UP = "I could not finish this. Ask again in other words, or ask for a person."


class Assistant:
    """A team of agents behind one door. Holds nothing between questions, so one instance serves all threads."""

    def __init__(self, model: LanguageModel, roster: Roster, tools: Registry = TOOLS) -> None:
        """Take the model that decides and the team; raises ValueError when an agent holds a tool nobody made."""
        for agent in roster:
            missing = [name for name in agent.tools if name not in tools]
            if missing:
                raise ValueError(f"{agent.key} holds tools nobody made: {', '.join(missing)}")
        self._model = model
        self._roster = roster
        self._tools = tools

    def answer(self, lines: Sequence[Line], desk: Desk, tell: Tell) -> Answer:
        """Answer the last line. Bank errors become sentences; what a model raises is the caller's to handle.

        A line that names an agent was asked of that one: it begins, and hands over to nobody.
        """
        turn = _TurnInHand(self._roster, self._tools, desk, tell, lines[-1].agent if lines else None)
        if desk.customer:
            lines = without_customers_name(lines, desk.customer.name)
        for _ in range(MOST_DECISIONS):
            decision = self._model.decide(turn.as_seen(lines))
            if isinstance(decision, Say):
                return turn.finish(decision, self._model.name)
            if isinstance(decision, HandOver):
                turn.hand_over(decision)
            else:
                turn.use(decision)
        return turn.give_up(self._model.name)


class _TurnInHand:
    """One question being answered."""

    def __init__(self, roster: Roster, tools: Registry, desk: Desk, tell: Tell, asked_of: str | None) -> None:
        self._roster = roster
        self._tools = tools
        self._desk = desk
        self._tell = tell
        self._chosen = asked_of is not None and asked_of in roster
        self._agent = roster[asked_of] if asked_of is not None and asked_of in roster else roster.front
        self._reason = ASKED_FOR if self._chosen else ""
        self._records: list[CallRecord] = []
        self._observations: list[Observation] = []
        self._bibliography = Bibliography()
        self._proposals: list[ProposedAction] = []
        tell(Step("Reading the question", self._agent.key))

    def as_seen(self, lines: Sequence[Line]) -> Turn:
        """What the model may know now."""
        return Turn(
            agent=self._agent,
            lines=lines,
            observations=tuple(self._observations),
            tools=self._held_by(self._agent) if len(self._records) < MOST_CALLS else (),
            colleagues=tuple(self._roster[key] for key in self._colleagues),
            customer_number=self._desk.customer.number if self._desk.customer else None,
            now=self._desk.now,
            may_propose=self._may_propose,
            proposed_by=self._proposed_by,
        )

    @property
    def _colleagues(self) -> tuple[str, ...]:
        return () if self._chosen else self._agent.hands_over_to

    @property
    def _may_propose(self) -> bool:
        """Whether there is somebody to confirm a proposal, and a bank to take it."""
        return self._desk.orders is not None and "orders.confirm" in self._desk.staff_rights

    @property
    def _proposed_by(self) -> str:
        """Who may propose in place of somebody whose role may not; "" where nobody can, or everybody who asks."""
        if self._may_propose or self._desk.orders is None or self._desk.authority is None:
            return ""
        return plain(self._desk.authority.who_confirms)

    def _held_by(self, agent: Agent) -> tuple[Tool, ...]:
        found = (self._tools.get(name) for name in agent.tools)
        return tuple(tool for tool in found if tool and (tool.effect == "reads" or self._may_propose))

    def hand_over(self, decision: HandOver) -> None:
        """Pass the work on, if this agent may pass it there."""
        if decision.to not in self._colleagues:
            self._observe(
                ToolCall("hand_over", {"to": decision.to[:60]}), ToolResult("no such colleague", outcome="refused")
            )
            return
        self._agent = self._roster[decision.to]
        self._reason = decision.reason
        self._tell(Step(f"Handed over to {self._agent.title}: {decision.reason}", self._agent.key))

    def use(self, decision: UseTools) -> None:
        """Make the calls, up to the limit; what comes after it is refused."""
        if not decision.calls:
            self._observe(ToolCall("none"), ToolResult("No tool was named.", outcome="refused"))
        for call in decision.calls:
            if len(self._records) >= MOST_CALLS:
                self._observe(call, ToolResult(NO_MORE_CALLS, outcome="refused"))
                continue
            self._make(call)

    def _make(self, call: ToolCall) -> None:
        tool = self._tools.get(call.tool) if call.tool in self._agent.tools else None
        started = perf_counter()
        if tool is None:
            label, result = call.tool[:60], ToolResult(NO_SUCH_TOOL, outcome="refused")
        else:
            label = tool.label
            self._tell(Step(tool.doing, self._agent.key))
            result = self._attempt(tool, call)
        milliseconds = round((perf_counter() - started) * 1000, 2)
        if result.proposal is not None:
            self._keep(result.proposal)
        self._records.append(CallRecord(call.tool[:60], label, dict(call.arguments), result.outcome, milliseconds))
        self._observe(call, result)

    def _keep(self, proposal: ProposedAction) -> None:
        """One card for each order: a model that proposes the same twice has proposed it once."""
        if all(one.order != proposal.order for one in self._proposals):
            self._proposals.append(proposal)

    def _attempt(self, tool: Tool, call: ToolCall) -> ToolResult:
        """Use a tool; whatever the bank raises becomes an honest sentence."""
        try:
            return tool(self._desk, call.arguments)
        except BadArgument as error:
            return ToolResult(str(error), outcome="refused")
        except OrderRefused as refused:
            return ToolResult(f"The bank would refuse this: {plain(str(refused))}", outcome="refused")
        except CustomerNotFound:
            return ToolResult("The bank has no customer with this number.", outcome="not found")
        except CardNotFound:
            return ToolResult("The customer has no such card.", outcome="not found")
        except AccountNotFound:
            return ToolResult("The customer has no such account.", outcome="not found")
        except (BankUnavailable, BankError):
            return ToolResult(BANK_SILENT, outcome="failed")

    def _observe(self, call: ToolCall, result: ToolResult) -> None:
        text = self._bibliography.add(result.text, result.citations)
        self._observations.append(Observation(call, result.outcome, text, result.facts))

    def finish(self, said: Say, model: str) -> Answer:
        """The answer as it leaves the door: citations numbered, length bounded, nothing empty.

        Whatever a model says: that somebody else has to release what is proposed stands before it.
        """
        text, citations = self._bibliography.settle(said.text[:LONGEST_ANSWER].strip() or GAVE_UP)
        text = together(*self._released_by_others(), text)
        return Answer(
            text=text,
            agent=self._agent.key,
            reason=self._reason or said.reason,
            intent=said.intent,
            confidence=min(1.0, max(0.0, said.confidence)),
            model=model,
            calls=tuple(self._records),
            citations=citations,
            suggestions=said.suggestions[:3],
            needs_person=said.needs_person,
            memory=dict(said.memory),
            proposals=tuple(self._proposals),
            takes_back=said.takes_back,
        )

    def _released_by_others(self) -> list[str]:
        authority = self._desk.authority
        above = [
            one.preview
            for one in self._proposals
            if authority is not None and authority.needs_second(one.preview.amount)
        ]
        if authority is None or not above:
            return []
        said = [plain(authority.said_of(one.amount, one.currency)) for one in above]
        if len(self._proposals) == 1:
            return said
        return [f"**{plain(one.title)}**: {why}" for one, why in zip(above, said, strict=True)]

    def give_up(self, model: str) -> Answer:
        """What to say when the model never comes to an answer: what was found, and that it is not finished."""
        found = [seen.text for seen in self._observations if seen.outcome == "ok" and seen.text]
        return self.finish(Say("\n\n".join([*found, GAVE_UP]), "unfinished", 0.0, needs_person=True), model)
