"""What happens in a session: states, progress, tools, text, handoffs.

Boundary: arguments to payloads and moves; the machine decides what is legal.
Failure policy: CallerError before anything has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

from aaep_helpers import events as e
from aaep_helpers import vocabulary as v
from aaep_helpers.catalogue import Summary
from aaep_helpers.emitting.base import EmitterBase
from aaep_helpers.emitting.said import (
    Said,
    duration_of,
    optional_text,
    problem_text,
    progress_summary,
    require_text,
    spoken_form,
    summary_of,
    tool_completed_summary,
    wrong_argument,
)
from aaep_helpers.errors import ProtocolError
from aaep_helpers.ids import make_id
from aaep_helpers.session import InvokeTool, Move, derived_state
from aaep_helpers.session.machine import state_summary
from aaep_helpers.text import human_data, human_text, well_formed


class SessionWork(EmitterBase):
    """Everything between a session's beginning and its end."""

    def state_changed(
        self,
        *,
        session_id: str,
        to_state: str,
        from_state: str | None = None,
        expected_duration_ms: int | None = None,
        urgency: v.Urgency | None = None,
        **said: Unpack[Said],
    ) -> None:
        """Say what the agent is doing now; saying it again changes nothing and is not heard.

        Args:
            session_id: Which session.
            to_state: idle, thinking, calling_tool, writing_output, awaiting_input, deciding, handing_off,
                or a word of the producer's own.
            from_state: The state the caller believes the session is in; None where it need not know.
            expected_duration_ms: How long the state may last, in milliseconds.
            urgency: background (default) or normal.
            **said: What listeners are told, and custom data (see `Said`).

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            ProtocolError: from_state is wrong (SEQ-3), or something open keeps the state (SEQ-11).
            EventValidationError: A field is malformed.
        """
        session = self._live(session_id)
        require_text(v.STATE_CHANGED, to_state=to_state)
        words = summary_of(said)

        def prepare(now_ms: int) -> tuple[Move, e.Payload]:
            payload = e.StateChanged(
                from_state=session.machine.state.state if from_state is None else from_state,
                to_state=to_state,
                summary=words or state_summary(to_state),
                expected_duration_ms=expected_duration_ms,
            )
            return payload, payload

        session.emit(prepare, urgency=urgency, extensions=said.get("extensions"))

    def settle_state(
        self,
        *,
        session_id: str,
        otherwise: str = v.THINKING,
        summary: Summary | None = None,
        urgency: v.Urgency | None = None,
    ) -> None:
        """Say what the agent is doing, from what is open (SEQ-11); nothing is heard where that is known.

        Args:
            session_id: Which session.
            otherwise: The state where no question, tool or output is open.
            summary: What listeners are told; None takes the state's own words.
            urgency: background (default) or normal.

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            EventValidationError: A field is malformed.
        """
        session = self._live(session_id)
        require_text(v.STATE_CHANGED, to_state=otherwise)
        words = summary_of({"summary": summary})

        def prepare(now_ms: int) -> tuple[Move, e.Payload | None]:
            state = session.machine.state
            to_state = derived_state(state) or otherwise
            change = e.StateChanged(
                from_state=state.state, to_state=to_state, summary=words or state_summary(to_state)
            )
            return change, (None if to_state == state.state else change)

        session.emit(prepare, urgency=urgency)

    def progress_updated(
        self,
        *,
        session_id: str,
        percent: float | None = None,
        step: int | None = None,
        total_steps: int | None = None,
        description: str | None = None,
        eta_ms: int | None = None,
        urgency: v.Urgency | None = None,
        **said: Unpack[Said],
    ) -> None:
        """Say how far the work is; at least one of the first four is needed.

        Args:
            session_id: Which session.
            percent: 0 to 100.
            step: Which step, from 1.
            total_steps: How many there are.
            description: What is being done.
            eta_ms: How long it may still take, in milliseconds.
            urgency: background (default) or normal.
            **said: What listeners are told, and custom data (see `Said`).

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            EventValidationError: A field is malformed or none of the four is given.
        """
        progress = e.Progress(
            percent=percent,
            step=step,
            total_steps=total_steps,
            description=human_text(description, 4096) if description is not None else None,
        )
        payload = e.ProgressUpdated(
            progress=progress,
            summary=summary_of(said) or progress_summary(progress),
            eta_ms=eta_ms,
        )
        self._live(session_id).emit(
            lambda now_ms: (payload, payload), urgency=urgency, extensions=said.get("extensions")
        )

    def tool_invoked(
        self,
        *,
        session_id: str,
        tool: str,
        tool_call_id: str | None = None,
        description: str | None = None,
        args_summary: str | None = None,
        expected_duration_ms: int | None = None,
        risk_level: v.RiskLevel | None = None,
        irreversible: bool | None = None,
        confirmed_by: str | None = None,
        spoken_name: str | None = None,
        **said: Unpack[Said],
    ) -> str:
        """Say that a tool begins to run; call it before the tool does anything (SEQ-5).

        Args:
            session_id: Which session.
            tool: The tool's name: a letter or underscore, then letters, digits and _ . - up to 256.
            tool_call_id: "call_" and up to 64 letters and digits, never used before; None makes one.
            description: What the tool does.
            args_summary: What it is given, in words.
            expected_duration_ms: How long it may take, in milliseconds.
            risk_level: low, medium or high.
            irreversible: Whether what it does cannot be undone; then an accept must have come (SEQ-6).
            confirmed_by: The reply token of that accept; None takes the oldest unused one.
            spoken_name: What the tool is called in a sentence; None makes it from the name.
            **said: What listeners are told, and custom data (see `Said`).

        Returns:
            The tool_call_id, for tool_completed.

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            ProtocolError: The call is not new (SEQ-4), was refused (SEQ-7) or not accepted (SEQ-6).
            EventValidationError: A field is malformed.
        """
        optional_text(
            v.TOOL_INVOKED,
            tool_call_id=tool_call_id,
            confirmed_by=confirmed_by,
            spoken_name=spoken_name,
        )
        call_id = tool_call_id if tool_call_id is not None else make_id("call")
        spoken = human_text(spoken_name) if spoken_name else spoken_form(tool)
        arguments = human_text(args_summary) if args_summary is not None else None
        default = (
            Summary.of("tool.invoked_at_length", tool=spoken, about="", arguments=arguments)
            if arguments
            else Summary.of("tool.invoked", tool=spoken, about="")
        )
        payload = e.ToolInvoked(
            tool=tool,
            tool_call_id=call_id,
            summary=summary_of(said) or default,
            description=human_text(description, 4096) if description not in (None, "") else None,
            args_summary=arguments,
            expected_duration_ms=expected_duration_ms,
            risk_level=risk_level,
            irreversible=irreversible,
        )
        self._live(session_id).emit(
            lambda now_ms: (InvokeTool(payload, spoken, confirmed_by), payload),
            extensions=said.get("extensions"),
        )
        return call_id

    def tool_completed(
        self,
        *,
        session_id: str,
        tool: str,
        status: v.ToolStatus,
        tool_call_id: str | None = None,
        duration_ms: int | None = None,
        error_message: str | Summary | None = None,
        **said: Unpack[Said],
    ) -> None:
        """Say that a tool has ended.

        Args:
            session_id: Which session.
            tool: The name it was invoked under.
            status: success, error or timeout.
            tool_call_id: Which call; None where only one of this tool is running.
            duration_ms: How long it took; None measures it.
            error_message: What went wrong, in words.
            **said: What listeners are told, and custom data (see `Said`).

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            ProtocolError: No such call is running (SEQ-4).
            EventValidationError: A field is malformed.
        """
        session = self._live(session_id)
        optional_text(v.TOOL_COMPLETED, tool_call_id=tool_call_id)
        words = summary_of(said)
        problem = problem_text(error_message)

        def prepare(now_ms: int) -> tuple[Move, e.Payload]:
            running = session.machine.state.tools
            call_id = tool_call_id
            if call_id is None:
                calls = [known for known, open_tool in running.items() if open_tool.tool == tool]
                if len(calls) != 1:
                    raise ProtocolError(
                        "SEQ-4",
                        f"{len(calls)} calls of {tool} are running; say which one has ended.",
                        field="tool_call_id",
                        session_id=session_id,
                    )
                call_id = calls[0]
            known = running.get(call_id)
            spoken = known.spoken if known is not None else spoken_form(tool)
            measured = duration_of(now_ms - known.started_ms) if known is not None else None
            payload = e.ToolCompleted(
                tool=tool,
                status=status,
                tool_call_id=call_id,
                summary=words or tool_completed_summary(status, spoken, problem),
                duration_ms=measured if duration_ms is None else duration_ms,
                error_message=problem,
            )
            return payload, payload

        session.emit(prepare, extensions=said.get("extensions"))

    def output_streaming(
        self,
        *,
        session_id: str,
        output_id: str,
        chunk: str,
        position: int | None = None,
        complete: bool = False,
        coalesce_hint: v.Boundary | None = None,
        content_type: str | None = None,
        language: str | None = None,
        boundary: v.Boundary = "none",
    ) -> None:
        """Hand over text for the user, as much or as little as there is; listeners get it at their boundary.

        Args:
            session_id: Which session.
            output_id: "out_" and up to 64 letters and digits; the output opens with its first text.
            chunk: The text.
            position: How many code points of this output were handed over before; None need not know.
            complete: Whether this is all; more text for the same output_id is then an error (SEQ-9).
            coalesce_hint: The boundary the chunk is known to end at; None where that is not known.
            content_type: Media type of the output; None means plain text.
            language: Language tag of the text; None means the producer's.
            boundary: The finest boundary at which any listener gets this output.

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            ProtocolError: The output is complete, or the position is wrong (SEQ-9).
            EventValidationError: A field is malformed.
        """
        if not isinstance(complete, bool):
            raise wrong_argument(v.OUTPUT_STREAMING, "complete", "complete must be true or false.")
        for name, value in (("coalesce_hint", coalesce_hint), ("boundary", boundary)):
            if value not in v.BOUNDARIES and (name, value) != ("coalesce_hint", None):
                known = ", ".join(v.BOUNDARIES)
                raise wrong_argument(v.OUTPUT_STREAMING, name, f"{name} must be one of {known}.")
        form = e.OutputForm(
            language=self.language if language is None else language,
            content_type=content_type,
            boundary=boundary,
        )
        self.add_text(
            session_id,
            output_id,
            chunk,
            form=form,
            position=position,
            ends_at=coalesce_hint,
            complete=complete,
        )

    def add_text(
        self,
        session_id: str,
        output_id: str,
        text: str,
        *,
        form: e.OutputForm,
        position: int | None = None,
        ends_at: v.Boundary | None = None,
        complete: bool = False,
    ) -> None:
        """`output_streaming` for callers on the way of a token, who keep the output's form.

        Args:
            session_id: Which session.
            output_id: Which output.
            text: The text; may be empty.
            form: What the output is made of; counts when it opens.
            position: As for output_streaming.
            ends_at: The boundary the text is known to end at.
            complete: Whether this is all.

        Raises:
            CallerError: As for output_streaming.
        """
        session = self._live(session_id)
        if not isinstance(output_id, str):
            raise wrong_argument(v.OUTPUT_STREAMING, "output_id", "output_id must be text.")
        if not isinstance(text, str):
            raise ProtocolError(
                "SEQ-9", "The text of an output is a string.", field="chunk", session_id=session_id
            )
        if session.add_text(
            output_id,
            well_formed(text),
            position=position,
            form=form,
            ends_at=ends_at,
            complete=complete,
        ):
            self._quiet.watch(session)

    def request_handoff(
        self,
        *,
        session_id: str,
        reason: str,
        target_kind: v.HandoffTarget,
        target_uri: str | None = None,
        packaged_context: Mapping[str, object] | None = None,
        urgency_for_handoff: v.RiskLevel | None = None,
        **said: Unpack[Said],
    ) -> None:
        """Say that a human or another agent is to take over (TYP-4).

        Args:
            session_id: Which session.
            reason: Why, in words.
            target_kind: human, specialist_agent or escalation_queue.
            target_uri: Who or what takes over.
            packaged_context: What they need to know; secrets in it are masked (SEC-1).
            urgency_for_handoff: low, medium or high.
            **said: What listeners are told, and custom data (see `Said`).

        Raises:
            UnknownSessionError: The session never started (SEQ-1) or is over (SEQ-2).
            EventValidationError: A field is malformed.
        """
        spoken_reason = human_text(reason)
        payload = e.HandoffRequested(
            reason=spoken_reason,
            target_kind=target_kind,
            summary=summary_of(said) or Summary.of("handoff.requested", reason=spoken_reason),
            target_uri=target_uri,
            packaged_context=human_data(packaged_context) if packaged_context is not None else None,
            urgency_for_handoff=urgency_for_handoff,
        )
        self._live(session_id).emit(
            lambda now_ms: (payload, payload), extensions=said.get("extensions")
        )
