"""A stub provider for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aaep_langchain.providers.server import StubProvider


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubProvider]:
    """A provider on this machine; whatever proxies the machine uses are not asked."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with StubProvider() as stub:
        yield stub
        assert stub.left == 0, f"{stub.left} replies were not asked for"
