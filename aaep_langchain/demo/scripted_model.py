"""A chat model that plays a script through LangChain's real loop: no key, no network, no luck.

Purpose: demos and tests need agents whose every callback is real and whose every word is known.
The model is told what to say and in which pieces; LangChain does all the rest.

Boundary: this is a model, not an agent. It knows nothing of AAEP, of tools' bodies or of the
callbacks it causes, and it never calls a callback on its own unless `announces_tokens` is set.

Failure policy: a script that has no turn for the state of the conversation is a mistake of its
author and raises ScriptError with the reason; exceptions written into the script are raised as
they are.

Which turn is played is read from the conversation itself: the number of AI messages since the last
human message (or since the beginning, with `counts="all"`). The model holds no cursor, so one
instance serves any number of runs at once, a resumed run goes on where it stopped, a retried call
gets the same turn again, and a new question starts the script over.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import model_validator


class ScriptError(LookupError):
    """The script has no turn for this state of the conversation."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call the model makes.

    Attributes:
        name: The tool's name.
        args: Its arguments.
        id: The provider's call id; None makes one from the place in the conversation, so that it
            repeats from run to run and is unique within one.
        raw_args: The argument text as streamed, for arguments that are not valid JSON.
    """

    name: str
    args: Mapping[str, object] = field(default_factory=dict)
    id: str | None = None
    raw_args: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What the model answers to one call: reasoning, then text, then tool calls.

    Attributes:
        text: What it says.
        tool_calls: What it calls.
        reasoning: What it thinks first; never part of the answer.
        error: Raised in place of what is left of the turn.
        fail_after: How many pieces come before `error`.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    error: BaseException | None = None
    fail_after: int = 0


Said: TypeAlias = Turn | str | BaseException
Step: TypeAlias = Said | Callable[[Sequence[BaseMessage]], Said]
TokenSize: TypeAlias = int | tuple[int, int] | Literal["word"]
TokenHook: TypeAlias = Callable[[int], Awaitable[None] | None]

_PieceKind: TypeAlias = Literal["reasoning", "text", "call"]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One streamed piece of a turn; `call` is set on the pieces of a tool call."""

    kind: _PieceKind
    text: str
    call: int = 0
    name: str | None = None
    call_id: str | None = None


class ScriptedChatModel(BaseChatModel):
    """A chat model that plays a script.

    A call that is not streamed still takes the turn piece by piece, with the same delays, hooks and
    failures, and hands it over whole: a real model needs its time whether or not it is watched.

    Attributes:
        script: The turns in order: a Turn, a plain text, an exception to raise, or a function from
            the messages to one of these. A single function in place of the list answers every call.
        counts: Which AI messages tell the place in the script: those since the last human message,
            or all of them.
        repeat_last: After the last turn play it again instead of raising ScriptError.
        token_size: Characters in a piece: a number, a range drawn from with `seed`, or "word".
        seed: Makes the pieces of a text repeat exactly; the same text is always cut the same way.
        delay: Seconds before every piece.
        on_token: Called with the piece's index before each piece. Under the async methods it may
            return an awaitable, which is awaited; raising ends the call.
        streams: False makes a model that cannot stream.
        content_blocks: Content is a list of blocks, as from Anthropic, instead of a string.
        joined: The last piece of text and the first tool call come in one chunk.
        announces_tokens: Fire on_llm_new_token from inside `_stream` when handed a run manager,
            which is how langchain-openai behaves under stream_events v3 (fact 7).
    """

    script: Sequence[Step] | Callable[[Sequence[BaseMessage]], Said]
    counts: Literal["since_last_human", "all"] = "since_last_human"
    repeat_last: bool = False
    token_size: TokenSize = (1, 8)
    seed: int = 0
    delay: float = 0.0
    on_token: TokenHook | None = None
    streams: bool = True
    content_blocks: bool = False
    joined: bool = False
    announces_tokens: bool = False

    @model_validator(mode="before")
    @classmethod
    def _cannot_stream(cls, values: Any) -> Any:
        # LangChain asks disable_streaming in every place where it decides between the two ways.
        if isinstance(values, dict) and values.get("streams") is False:
            return {"disable_streaming": True, **values}
        return values

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return {"model_name": "scripted", "seed": self.seed, "token_size": self.token_size}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind the tools' schemas, as provider models do; the script decides what is called."""
        if tool_choice is not None:
            kwargs["tool_choice"] = tool_choice
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def turn_for(self, messages: Sequence[BaseMessage]) -> Turn:
        """The turn this conversation is at.

        Raises:
            ScriptError: The script is over.
        """
        if callable(self.script):
            return _as_turn(self.script(messages))
        said = 0
        for message in messages:
            if isinstance(message, AIMessage):
                said += 1
            elif isinstance(message, HumanMessage) and self.counts == "since_last_human":
                said = 0
        if said >= len(self.script):
            if not (self.repeat_last and self.script):
                raise ScriptError(
                    f"the script has {len(self.script)} turns and the model was called for turn "
                    f"{said + 1}; the last message is a {messages[-1].type!r} message"
                )
            said = len(self.script) - 1
        step = self.script[said]
        return _as_turn(step(messages) if callable(step) else step)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        chunks = [chunk async for chunk in self._astream(messages, stop)]
        return generate_from_stream(iter(chunks))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for index, chunk in enumerate(self._chunks(messages, stop)):
            if self.on_token is not None:
                awaitable = self.on_token(index)
                if inspect.isawaitable(awaitable):
                    if inspect.iscoroutine(awaitable):
                        awaitable.close()
                    raise TypeError("on_token returned an awaitable to a call that is not async")
            if self.delay:
                time.sleep(self.delay)
            if run_manager is not None and self.announces_tokens:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for index, chunk in enumerate(self._chunks(messages, stop)):
            if self.on_token is not None:
                awaitable = self.on_token(index)
                if awaitable is not None:
                    await awaitable
            if self.delay:
                await asyncio.sleep(self.delay)
            if run_manager is not None and self.announces_tokens:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _chunks(
        self, messages: Sequence[BaseMessage], stop: Sequence[str] | None
    ) -> Iterator[ChatGenerationChunk]:
        """The pieces of this conversation's turn as chunks, the last one with the usage."""
        turn = self.turn_for(messages)
        pieces = self._pieces(turn, len(messages), stop or ())
        last: _Piece | None = None
        count = 0
        for piece in pieces:
            if turn.error is not None and count == turn.fail_after:
                raise turn.error
            if self.joined and piece.kind == "text":
                # Held back by one piece, so that the last text can travel with the first call.
                if last is not None:
                    yield self._chunk(last)
                last = piece
            elif last is not None:
                yield self._chunk(last, piece)
                last = None
            else:
                yield self._chunk(piece)
            count += 1
        if last is not None:
            yield self._chunk(last)
        if turn.error is not None:
            raise turn.error
        yield self._last_chunk(messages, count)

    def _pieces(self, turn: Turn, place: int, stop: Sequence[str]) -> Iterator[_Piece]:
        for text in self._cut(turn.reasoning):
            yield _Piece("reasoning", text)
        # A stop sequence ends the answer before it, and nothing follows: as providers do it.
        ends = [at for word in stop if (at := turn.text.find(word)) >= 0]
        for text in self._cut(turn.text[: min(ends)] if ends else turn.text):
            yield _Piece("text", text)
        for index, call in enumerate(() if ends else turn.tool_calls):
            call_id = call.id if call.id is not None else f"call_{place}_{index}"
            yield _Piece("call", "", index, call.name, call_id)
            raw = call.raw_args if call.raw_args is not None else json.dumps(dict(call.args))
            for text in self._cut(raw):
                yield _Piece("call", text, index)

    def _cut(self, text: str) -> list[str]:
        if self.token_size == "word":
            return re.findall(r"\s*\S+\s*$|\s*\S+|\s+", text)
        low, high = (
            (self.token_size, self.token_size)
            if isinstance(self.token_size, int)
            else self.token_size
        )
        draw = random.Random(f"{self.seed}:{text}")
        pieces, at = [], 0
        while at < len(text):
            size = draw.randint(low, high)
            pieces.append(text[at : at + size])
            at += size
        return pieces

    def _chunk(self, *pieces: _Piece) -> ChatGenerationChunk:
        content: list[str | dict[str, Any]] = []
        reasoning = "".join(piece.text for piece in pieces if piece.kind == "reasoning")
        text = "".join(piece.text for piece in pieces if piece.kind == "text")
        calls = [
            tool_call_chunk(
                name=piece.name, args=piece.text, id=piece.call_id, index=_CALL_BLOCK + piece.call
            )
            for piece in pieces
            if piece.kind == "call"
        ]
        if not self.content_blocks:
            hidden = {"reasoning_content": reasoning} if reasoning else {}
            message = AIMessageChunk(
                content=text, tool_call_chunks=calls, additional_kwargs=dict(hidden)
            )
            return ChatGenerationChunk(message=message)
        if reasoning:
            content.append({"type": "thinking", "thinking": reasoning, "index": 0})
        if text:
            content.append({"type": "text", "text": text, "index": 1})
        content += [_call_block(piece) for piece in pieces if piece.kind == "call"]
        message = AIMessageChunk(
            content=content,
            tool_call_chunks=calls,
            response_metadata={"model_provider": "anthropic"},
        )
        return ChatGenerationChunk(message=message)

    def _last_chunk(self, messages: Sequence[BaseMessage], count: int) -> ChatGenerationChunk:
        # Words of the conversation in, pieces out: no tokenizer, but the right shape and scale.
        spent = sum(len(message.text.split()) for message in messages)
        return ChatGenerationChunk(
            message=AIMessageChunk(
                content=[] if self.content_blocks else "",
                chunk_position="last",
                response_metadata={"finish_reason": "stop"},
                usage_metadata={
                    "input_tokens": spent,
                    "output_tokens": count,
                    "total_tokens": spent + count,
                },
            )
        )


# Blocks 0 and 1 are the reasoning and the text; chunks with one index are merged into one block.
_CALL_BLOCK = 2


def _call_block(piece: _Piece) -> dict[str, Any]:
    index = _CALL_BLOCK + piece.call
    if piece.name is not None:
        return {
            "type": "tool_use",
            "id": piece.call_id,
            "name": piece.name,
            "input": {},
            "index": index,
        }
    return {"type": "input_json_delta", "partial_json": piece.text, "index": index}


def _as_turn(said: Said) -> Turn:
    if isinstance(said, str):
        return Turn(said)
    if isinstance(said, BaseException):
        return Turn(error=said)
    return said
