"""A helper at a bank: the agent of the demo, in the three ways LangChain builds one.

Purpose: one small job with a look, an act and an answer that is worth listening to. The same tools
and the same script run under create_agent, under AgentExecutor and as a plain StateGraph.

Boundary: nothing here knows of AAEP. The bank is an object in memory; two banks share nothing.

Failure policy: what a customer may get wrong (an unknown account, too little money) is a BankError
in Python and a sentence for the model in the tools, so that the agent can say it. A missing extra
raises ImportError with the command that installs it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import BaseTool, tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from aaep_langchain.demo.scripted_model import ScriptedChatModel, Step, TokenSize, ToolCall, Turn

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

AgentKind: TypeAlias = Literal["create_agent", "executor", "graph"]
AGENT_KINDS: tuple[AgentKind, ...] = ("create_agent", "executor", "graph")

AgentTool: TypeAlias = BaseTool | Callable[..., Any]

REQUEST = "What is in my checking account, and can you send 50 dollars to Ana for lunch?"

SYSTEM_PROMPT = (
    "You help a customer of a bank. Look before you act, do only what was asked for, "
    "and answer in short sentences that are easy to listen to."
)


class BankError(ValueError):
    """The bank cannot do what was asked; the message is a sentence for the customer."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that left an account.

    Attributes:
        from_account: The account it left.
        to: Who received it.
        amount: How much, in dollars.
        note: What it was for; may be empty.
    """

    from_account: str
    to: str
    amount: Decimal
    note: str


def _accounts() -> dict[str, Decimal]:
    return {"checking": Decimal("1234.56"), "savings": Decimal("8000.00")}


@dataclass
class Bank:
    """A small bank in memory, safe to use from several threads.

    Attributes:
        balances: Dollars by account.
        contacts: Those who can be paid.
        due: A sentence on what is due soon, by account.
        transfers: What was sent, in order.
    """

    balances: dict[str, Decimal] = field(default_factory=_accounts)
    contacts: tuple[str, ...] = ("Ana", "Dr. Okafor")
    due: Mapping[str, str] = field(
        default_factory=lambda: {
            "checking": "Due this week: $75.00 to Dr. Okafor on Thursday, $12.99 to Radio Uno."
        }
    )
    transfers: list[Transfer] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def balance(self, account: str) -> Decimal:
        """The dollars in an account.

        Raises:
            BankError: There is no such account.
        """
        with self._lock:
            return self._balance(account)

    def send(self, from_account: str, to: str, amount: Decimal, note: str = "") -> Transfer:
        """Move money out of an account, or change nothing.

        Raises:
            BankError: An unknown account or contact, an amount that cannot be sent.
        """
        with self._lock:
            balance = self._balance(from_account)
            if to not in self.contacts:
                raise BankError(f"{to} is not among your contacts.")
            if amount <= 0:
                raise BankError("Only an amount above zero can be sent.")
            if amount > balance:
                raise BankError(
                    f"Your {from_account} account holds {dollars(balance)}, "
                    f"which is less than {dollars(amount)}."
                )
            sent = Transfer(from_account, to, amount, note)
            self.balances[from_account] = balance - amount
            self.transfers.append(sent)
            return sent

    def _balance(self, account: str) -> Decimal:
        try:
            return self.balances[account]
        except KeyError:
            known = " and ".join(self.balances)
            raise BankError(f"There is no {account} account. You have {known}.") from None


def dollars(amount: Decimal) -> str:
    """An amount as people write it, such as $1,234.56."""
    return f"${amount:,.2f}"


def bank_tools(bank: Bank) -> list[Callable[..., str]]:
    """The agent's tools on one bank, as plain functions: LangChain and decorators take those."""

    def get_balance(account: str) -> str:
        """Look up how much money is in one of the customer's accounts.

        Args:
            account: The account's name, such as checking or savings.
        """
        try:
            balance = bank.balance(account)
        except BankError as error:
            return str(error)
        return (
            f"The {account} account holds {dollars(balance)}. {bank.due.get(account, '')}".strip()
        )

    def transfer(to: str, amount: float, note: str = "", from_account: str = "checking") -> str:
        """Send money from one of the customer's accounts to a contact. It cannot be taken back.

        Args:
            to: The contact who receives the money.
            amount: How many dollars to send.
            note: What the money is for.
            from_account: The account the money leaves.
        """
        try:
            # By way of text, so that 0.1 is ten cents and not a long binary fraction.
            cents = Decimal(str(amount)).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
            sent = bank.send(from_account, to, cents, note)
            left = bank.balance(from_account)
        except InvalidOperation:
            return "That is not an amount of money."
        except BankError as error:
            return str(error)
        purpose = f" for {sent.note}" if sent.note else ""
        return (
            f"Sent {dollars(sent.amount)} to {sent.to}{purpose}. "
            f"The {from_account} account now holds {dollars(left)}."
        )

    return [get_balance, transfer]


def bank_script() -> tuple[Step, ...]:
    """The turns that answer REQUEST on a fresh Bank: look, act, tell what came of it."""
    return (
        Turn(
            "I will look at your checking account first.",
            (ToolCall("get_balance", {"account": "checking"}),),
        ),
        Turn(
            "There is enough in it. Now I will send the money to Ana.",
            (ToolCall("transfer", {"to": "Ana", "amount": 50, "note": "lunch"}),),
        ),
        _closing_words,
    )


def bank_model(
    *, seed: int = 0, delay: float = 0.0, token_size: TokenSize = (1, 8), streams: bool = True
) -> ScriptedChatModel:
    """The scripted model of the demo; the options are those of ScriptedChatModel."""
    return ScriptedChatModel(
        script=bank_script(), seed=seed, delay=delay, token_size=token_size, streams=streams
    )


def _closing_words(messages: Sequence[BaseMessage]) -> str:
    """The last turn says what really happened: a refused transfer is not reported as sent."""
    results = [message.text for message in messages if isinstance(message, ToolMessage)]
    if results and results[-1].startswith("Sent "):
        return (
            "Done: I sent $50.00 to Ana for lunch. Your checking account held $1,234.56 before, "
            "and it holds $1,184.56 now.\n\n"
            "Two payments are due this week:\n"
            "1. Dr. Okafor, $75.00, on Thursday.\n"
            "2. Radio Uno, $12.99.\n\n"
            "There is enough in the account for both of them. Is there anything else, "
            "e.g. a transfer to your savings?"
        )
    return (
        "I did not send anything to Ana, so your checking account is as it was. "
        "Tell me if you want to do something else."
    )


def build_agent(
    kind: AgentKind,
    model: BaseChatModel,
    bank: Bank,
    *,
    tools: Sequence[AgentTool] | None = None,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> Runnable[Any, Any]:
    """The bank helper, built in one of three ways; see `agent_input` and `agent_answer`.

    Args:
        kind: Which way.
        model: The chat model it thinks with.
        bank: The bank its tools act on.
        tools: Other tools than `bank_tools(bank)`, such as the same ones behind a confirmation.
        checkpointer: Where a create_agent or graph agent keeps its threads.

    Raises:
        ImportError: AgentExecutor was asked for and langchain-classic is not installed.
        ValueError: An unknown kind, or a checkpointer for AgentExecutor, which has no threads.
    """
    chosen: Sequence[AgentTool] = bank_tools(bank) if tools is None else tools
    if kind == "create_agent":
        agent: Runnable[Any, Any] = create_agent(
            model, list(chosen), system_prompt=SYSTEM_PROMPT, checkpointer=checkpointer
        )
        return agent
    if kind == "graph":
        return _graph(model, _as_tools(chosen), checkpointer)
    if kind == "executor":
        if checkpointer is not None:
            raise ValueError("AgentExecutor has no threads to keep: leave checkpointer out")
        return _executor(model, _as_tools(chosen))
    raise ValueError(f"kind must be one of {', '.join(AGENT_KINDS)}, not {kind!r}")


def agent_input(kind: AgentKind, text: str) -> dict[str, Any]:
    """A user's words in the form this kind of agent takes."""
    return {"input": text} if kind == "executor" else {"messages": [HumanMessage(text)]}


def agent_answer(kind: AgentKind, output: Mapping[str, Any]) -> str:
    """The answer's text from what this kind of agent returns; empty if it gave none."""
    if kind == "executor":
        # Content blocks come through as they are; a message knows which of them are text.
        return AIMessage(output["output"]).text
    answers = [message for message in output["messages"] if isinstance(message, AIMessage)]
    return answers[-1].text if answers else ""


def _as_tools(tools: Sequence[AgentTool]) -> list[BaseTool]:
    return [each if isinstance(each, BaseTool) else tool(each) for each in tools]


def _graph(
    model: BaseChatModel, tools: Sequence[BaseTool], checkpointer: BaseCheckpointSaver[Any] | None
) -> Runnable[Any, Any]:
    """The loop of create_agent, written out as a LangGraph user would."""
    bound = model.bind_tools(tools)

    def prompt(state: MessagesState) -> list[BaseMessage]:
        return [SystemMessage(SYSTEM_PROMPT), *state["messages"]]

    def think(state: MessagesState) -> dict[str, list[AIMessage]]:
        return {"messages": [bound.invoke(prompt(state))]}

    async def athink(state: MessagesState) -> dict[str, list[AIMessage]]:
        return {"messages": [await bound.ainvoke(prompt(state))]}

    graph = StateGraph(MessagesState)
    graph.add_node("agent", RunnableLambda(think, athink))
    graph.add_node("tools", ToolNode(tools))
    graph.add_edge(START, "agent")
    graph.add_conditional_edges("agent", tools_condition)
    graph.add_edge("tools", "agent")
    compiled: Runnable[Any, Any] = graph.compile(checkpointer=checkpointer)
    return compiled


def _executor(model: BaseChatModel, tools: Sequence[BaseTool]) -> Runnable[Any, Any]:
    try:
        from langchain_classic.agents import AgentExecutor, create_tool_calling_agent
    except ImportError as error:
        raise ImportError(
            "AgentExecutor lives in langchain-classic: pip install 'aaep-langchain[classic]'"
        ) from error
    prompt = ChatPromptTemplate.from_messages(
        [("system", SYSTEM_PROMPT), ("human", "{input}"), MessagesPlaceholder("agent_scratchpad")]
    )
    executor: Runnable[Any, Any] = AgentExecutor(
        agent=create_tool_calling_agent(model, tools, prompt), tools=tools
    )
    return executor
