"""The team, as data: who there is, what each is for, which tools they hold and whom they may pass work to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agent:
    """One specialist. `tools` are names in the registry; `hands_over_to` are keys in the roster."""

    key: str
    title: str
    purpose: str
    tools: tuple[str, ...] = ()
    hands_over_to: tuple[str, ...] = ()
    instructions: str = ""  # for a language model only: how this specialist works, in a few sentences


class Roster:
    """The agents by key; the first one reads every question first."""

    def __init__(self, agents: Sequence[Agent]) -> None:
        """Take the team, front agent first; raises ValueError when a hand-over points nowhere."""
        self._by_key = {agent.key: agent for agent in agents}
        if not agents or len(self._by_key) != len(agents):
            raise ValueError("a roster needs at least one agent, and every key once")
        self.front = agents[0]
        for agent in agents:
            unknown = set(agent.hands_over_to) - set(self._by_key)
            if unknown:
                raise ValueError(f"{agent.key} hands over to nobody: {', '.join(sorted(unknown))}")

    def __getitem__(self, key: str) -> Agent:
        return self._by_key[key]

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[Agent]:
        return iter(self._by_key.values())

    def title(self, key: str) -> str:
        """The title staff read; the key itself for somebody who has left the team."""
        agent = self._by_key.get(key)
        return agent.title if agent else key


_SPECIALISTS = ("accounts", "cards", "payments", "loans", "disputes", "care", "handbook", "person")


def _others(key: str) -> tuple[str, ...]:
    return tuple(other for other in _SPECIALISTS if other != key)


TEAM = Roster(
    (
        Agent(
            key="orchestrator",
            title="Front desk",
            purpose="Reads every question first, greets, says what can be asked, and passes the work to a specialist.",
            # Only for questions nobody seems to own: the handbook may still know.
            tools=("handbook",),
            hands_over_to=_SPECIALISTS,
            instructions="Answer greetings and what the desk can do in two sentences. Hand everything else over.",
        ),
        Agent(
            key="accounts",
            title="Accounts",
            purpose="Balances, account details, movements, salary, spending, fees, opening and closing accounts.",
            tools=(
                "balance",
                "accounts_overview",
                "account_details",
                "overdraft",
                "transactions",
                "transaction",
                "find_merchant",
                "spending",
                "spending_by_month",
                "fees_charged",
                "pay",
                "statement",
                "open_ends",
                "handbook",
            ),
            hands_over_to=_others("accounts"),
        ),
        Agent(
            key="cards",
            title="Cards",
            purpose="What cards there are, whether they work, why not, their limits and PIN locks.",
            tools=(
                "cards_overview",
                "card_status",
                "card_declined",
                "card_pin",
                "card_limits",
                "handbook",
                "propose_block_card",
                "propose_unblock_card",
                "propose_replacement_card",
                "propose_card_activation",
                "propose_card_limit",
                "propose_pin_letter",
            ),
            hands_over_to=_others("cards"),
            instructions="A lost or stolen card is urgent: propose the block first, then the replacement.",
        ),
        Agent(
            key="payments",
            title="Payments",
            purpose="Transfers and their state, standing orders, direct debits, and what is due next.",
            tools=(
                "transfers",
                "transfer",
                "standing_instructions",
                "payees",
                "upcoming_payments",
                "transactions",
                "balance",
                "handbook",
                "propose_transfer",
                "propose_transfer_cancellation",
                "propose_stopped_payment",
                "propose_instant_transfer",
                "propose_scheduled_transfer",
                "propose_bill_payment",
                "propose_international_transfer",
                "propose_standing_order",
                "propose_standing_order_change",
                "propose_recall",
                "propose_direct_debit_return",
                "propose_standing_order_pause",
                "propose_standing_order_resumption",
            ),
            hands_over_to=_others("payments"),
            instructions="Amount, account and recipient are said by staff: ask for what is missing, guess nothing.",
        ),
        Agent(
            key="loans",
            title="Loans and savings",
            purpose="Loans with what is owed and due, savings accounts with their rates.",
            tools=("loans", "savings", "overdraft", "balance", "handbook"),
            hands_over_to=_others("loans"),
        ),
        Agent(
            key="disputes",
            title="Disputes and fraud",
            purpose="Contested payments, charges made twice, fraud alerts.",
            tools=(
                "disputes",
                "fraud_alerts",
                "duplicate_charges",
                "transactions",
                "transaction",
                "find_merchant",
                "payment_in_question",
                "card_status",
                "cards_overview",
                "handbook",
                "propose_dispute",
                "propose_dispute_withdrawal",
                "propose_alert_answer",
                "propose_fraud_report",
                "propose_direct_debit_return",
            ),
            hands_over_to=_others("disputes"),
            instructions="Fraud is urgent: say first what is to be done at once. Deadlines come from the handbook.",
        ),
        Agent(
            key="care",
            title="Customer care",
            purpose=(
                "Who the customer is and how to treat them: contact details, KYC, statements, name changes, powers of "
                "attorney, deaths, complaints, branches and cash machines."
            ),
            tools=(
                "customer_profile",
                "statement",
                "open_ends",
                "accounts_overview",
                "account_details",
                "handbook",
                "propose_contact_change",
            ),
            hands_over_to=_others("care"),
        ),
        Agent(
            key="handbook",
            title="Handbook",
            purpose="What the bank's written policies say: rates, fees, procedures, deadlines, opening hours.",
            tools=("handbook", "card_limits"),
            hands_over_to=_others("handbook"),
            instructions="Answer from the quoted passages only, cite each sentence, and say what is for staff only.",
        ),
        Agent(
            key="person",
            title="A person",
            purpose="Offers a human specialist when somebody asks for one.",
            hands_over_to=_others("person"),
            instructions="Say that a specialist should take this, and what to write down for them. Look nothing up.",
        ),
    )
)

TITLES = {agent.key: agent.title for agent in TEAM}
