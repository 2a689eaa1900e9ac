"""LangChain and LangGraph agents that can be heard: attach AAEPCallbackHandler."""

from aaep_helpers.tool_policy import ToolPolicy
from aaep_langchain.handler import AAEPCallbackHandler
from aaep_langchain.hearing import OutputPolicy, Speaker

__all__ = ["AAEPCallbackHandler", "OutputPolicy", "Speaker", "ToolPolicy"]
