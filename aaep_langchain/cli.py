"""The `aaep` command.

Boundary: arguments and exit codes; each command's work is elsewhere. Failure policy: exit 0 when it
worked, 1 when what was run failed, 2 when it was asked for wrongly, 130 when stopped from the keyboard.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from aaep_helpers.vocabulary import VERBOSITIES
from aaep_langchain.demo.bank import AGENT_KINDS, REQUEST
from aaep_langchain.demo.run import STREAM_MODES, DemoOptions, run_demo


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: Its arguments; None takes those of the process.

    Returns:
        The exit code.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    # A terminal that cannot show a character still shows the rest of the sentence.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    return run_demo(
        DemoOptions(
            agent=options.agent,
            stream_mode=options.stream_mode,
            model=options.model,
            request=options.request,
            verbosity=options.verbosity,
            show_events=options.events,
            speak=options.speak,
            delay=options.delay,
        )
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aaep", description="Let LangChain and LangGraph agents be heard (AAEP 1.0)."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser(
        "demo",
        help="listen to an agent at work",
        description="Runs a bank helper and prints what a screen reader would say, a line for each "
        "announcement. It needs no key and no network: the model plays a script, through LangChain's "
        "real loop.",
    )
    demo.add_argument(
        "--agent", choices=AGENT_KINDS, default="create_agent", help="how the agent is built"
    )
    demo.add_argument(
        "--stream-mode",
        choices=STREAM_MODES,
        default="invoke",
        help="how it is run: invoke (default), or stream with this LangGraph stream mode",
    )
    demo.add_argument(
        "--model",
        metavar="PROVIDER:NAME",
        help="a real model instead of the script, such as openai:gpt-5.2 or ollama:llama3.3",
    )
    demo.add_argument("--request", default=REQUEST, help="what the user asks (with --model)")
    demo.add_argument("--verbosity", choices=VERBOSITIES, default="normal", help="how much is said")
    demo.add_argument("--events", action="store_true", help="print the events as JSON instead")
    demo.add_argument("--speak", action="store_true", help="say it with espeak-ng or spd-say")
    demo.add_argument(
        "--delay",
        type=_seconds,
        default=0.03,
        metavar="SECONDS",
        help="how long the scripted model takes for each piece of text (default 0.03)",
    )
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 10:
        raise argparse.ArgumentTypeError("a number of seconds from 0 to 10")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
