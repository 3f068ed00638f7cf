"""What a tool that proposes has come to, as a part of the answer."""

from __future__ import annotations

from webapp.agents.models.rules.memory import Awaiting
from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.part import Part, Seen
from webapp.agents.wording import together

DECIDE = "Nothing has been changed yet: confirm it on the card below, or decline it there."
WAITS = "Nothing has been changed yet: it waits on the card below until it is released; you can decline it there."
INSTEAD = ("A person, please", "Show the last 10 transactions", "What is the balance?")


def part_of(task: Task, seen: Seen) -> Part:
    """What a tool that proposes came to: a proposal, a question, or a refusal."""
    if "proposed" in seen.facts:
        second = seen.facts.get("second_person") is True
        return Part(seen.text, proposed=True, urgent=task.intent.urgent, second=second)
    slot, choices, labels = seen.facts.get("ask"), seen.facts.get("choices"), seen.facts.get("labels")
    if isinstance(slot, str):
        values = tuple(str(one) for one in choices) if isinstance(choices, list) else ()
        words = tuple(str(one) for one in labels) if isinstance(labels, list) else ()
        waiting = Awaiting(
            slot, task.said or task.text, task.intent.key, task.entities.to_json(), values, words, bound="exact"
        )
        return Part(seen.text, suggestions=words[:3], awaiting=waiting)
    return Part(together("Nothing has been changed.", seen.text), INSTEAD, nothing_found=False)
