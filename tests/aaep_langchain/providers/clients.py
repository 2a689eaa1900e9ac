"""The real clients, on the stub provider."""

from __future__ import annotations

from typing import Any

from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.aaep_langchain.providers.answers import Wire
from tests.aaep_langchain.providers.problems import KEY
from tests.aaep_langchain.providers.server import StubProvider


def client(wire: Wire, provider: StubProvider, **options: Any) -> BaseChatModel:
    """A provider's chat model as its users make it, but for the address and the key.

    Args:
        wire: Which of the providers' wires it speaks.
        provider: Who answers.
        options: Further options of the client; none of them retries on its own unless told to.
    """
    common: dict[str, Any] = {"model": "stub-model", "max_retries": 0, **options}
    if wire == "anthropic":
        return ChatAnthropic(base_url=provider.url, api_key=SecretStr(KEY), **common)
    return ChatOpenAI(
        base_url=f"{provider.url}/v1",
        api_key=SecretStr(KEY),
        use_responses_api=wire == "openai_responses",
        **common,
    )


def thinking(wire: Wire) -> dict[str, Any]:
    """The options with which a model thinks aloud, as far as its wire lets it."""
    if wire == "openai_responses":
        return {"reasoning": {"effort": "low", "summary": "auto"}}
    if wire == "anthropic":
        return {"max_tokens": 2048, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    return {}
