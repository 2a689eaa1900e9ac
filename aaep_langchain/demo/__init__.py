"""A helper at a bank that can be heard, on a model that needs no key and no network."""

from aaep_langchain.demo.scripted_model import ScriptedChatModel, ScriptError, ToolCall, Turn

__all__ = ["ScriptError", "ScriptedChatModel", "ToolCall", "Turn"]
