"""What an exception means, whoever raised it, and what of it may be said."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.exceptions import OutputParserException
from langgraph.errors import GraphRecursionError
from pydantic import BaseModel, ValidationError

from aaep_helpers.catalogue import default_catalogue
from aaep_helpers.failures import Failure, classify, error_text, kinds
from aaep_helpers.redaction import MASK
from aaep_helpers.vocabulary import VERBOSITIES
from tests.aaep_helpers.secrets import VENDOR_KEYS


def sdk(
    name: str, message: str = "", /, base: type[Exception] = Exception, **attributes: Any
) -> Exception:
    """An exception as an SDK would raise it, without the SDK."""
    error: Exception = type(name, (base,), {"__module__": "some_sdk"})(message)
    for attribute, value in attributes.items():
        setattr(error, attribute, value)
    return error


def http_error(status: int, **headers: str) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "https://api.example.org/v1/chat?key=1")
    response = httpx.Response(status, headers=headers, request=request)
    try:
        response.raise_for_status()
    except httpx.HTTPStatusError as error:
        return error
    raise AssertionError(status)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 520, 529, 599])
def test_statuses_that_pass(status: int) -> None:
    failure = classify(http_error(status))
    assert (failure.category, failure.recoverable) == ("transient", True)
    assert failure == classify(sdk("APIStatusError", status_code=status))


@pytest.mark.parametrize("status", [401, 402, 403, 407])
def test_statuses_that_need_the_user(status: int) -> None:
    assert classify(http_error(status)).category == "requires_user"


@pytest.mark.parametrize("status", [400, 404, 410, 413, 418, 422])
def test_statuses_that_last(status: int) -> None:
    failure = classify(http_error(status))
    assert (failure.category, failure.recoverable) == ("permanent", False)


@pytest.mark.parametrize("status", [0, 200, 302, 600, True, "429", None, 10**30])
def test_what_is_no_failing_status_says_nothing(status: object) -> None:
    assert classify(sdk("OddError", status_code=status)).code == "UNKNOWN_ERROR"


class GrpcCode:
    name = "DEADLINE_EXCEEDED"


def boto(code: str, status: int) -> Exception:
    response = {
        "Error": {"Code": code, "Message": "m"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return sdk("ClientError", response=response)


BY_EVIDENCE: list[tuple[BaseException, str]] = [
    # Python
    (TimeoutError(), "TIMED_OUT"),
    (ConnectionResetError(), "CONNECTION_FAILED"),
    (OSError(113, "No route to host"), "CONNECTION_FAILED"),
    (OSError(28, "No space left on device"), "STORAGE_FULL"),
    (PermissionError("no"), "PERMISSION_DENIED"),
    (FileNotFoundError(2, "No such file"), "FILE_NOT_FOUND"),
    (ValueError("bad"), "INVALID_VALUE"),
    (KeyError("x"), "INTERNAL_ERROR"),
    (ZeroDivisionError(), "INTERNAL_ERROR"),
    (NotImplementedError(), "NOT_SUPPORTED"),
    (asyncio.CancelledError(), "INTERRUPTED"),
    (KeyboardInterrupt(), "INTERRUPTED"),
    (GeneratorExit(), "INTERRUPTED"),
    (Exception("anything"), "UNKNOWN_ERROR"),
    (RuntimeError("anything"), "UNKNOWN_ERROR"),
    # HTTP clients
    (httpx.ReadTimeout("slow"), "TIMED_OUT"),
    (httpx.ConnectError("no"), "CONNECTION_FAILED"),
    (sdk("ConnectionError", base=OSError), "CONNECTION_FAILED"),
    (sdk("ClientResponseError", status=503), "SERVICE_UNAVAILABLE"),
    # providers
    (sdk("APITimeoutError"), "TIMED_OUT"),
    (sdk("APIConnectionError"), "CONNECTION_FAILED"),
    (sdk("RateLimitError", status_code=429), "RATE_LIMITED"),
    (sdk("RateLimitError", status_code=429, code="insufficient_quota"), "QUOTA_EXCEEDED"),
    (sdk("RateLimitError", body={"error": {"code": "insufficient_quota"}}), "QUOTA_EXCEEDED"),
    (sdk("AuthenticationError", status_code=401), "AUTHENTICATION_FAILED"),
    (sdk("BadRequestError", status_code=400), "BAD_REQUEST"),
    (sdk("BadRequestError", status_code=400, code="context_length_exceeded"), "CONTEXT_TOO_LONG"),
    (sdk("BadRequestError", "prompt is too long: 9 > 8", status_code=400), "CONTEXT_TOO_LONG"),
    (sdk("BadRequestError", status_code=400, code="content_filter"), "CONTENT_REFUSED"),
    (sdk("BadRequestError", "Your credit balance is too low", status_code=400), "PAYMENT_REQUIRED"),
    (sdk("OverloadedError", status_code=529), "SERVICE_OVERLOADED"),
    (sdk("APIStatusError", body={"error": {"type": "overloaded_error"}}), "SERVICE_OVERLOADED"),
    (
        sdk("APIError", body={"code": None, "type": "server_error"}, type="server_error"),
        "SERVICE_UNAVAILABLE",
    ),
    # In the middle of a stream the code is only in the words.
    (ValueError("ResponseError(code='server_error', message='Sorry!')"), "SERVICE_UNAVAILABLE"),
    (ValueError("rate_limit_exceeded: Rate limit reached."), "RATE_LIMITED"),
    (ValueError("invalid_prompt: This was flagged."), "CONTENT_REFUSED"),
    (ValueError("some_field: is too short"), "INVALID_VALUE"),
    (ValueError("timeout: must be positive"), "INVALID_VALUE"),
    (sdk("ResourceExhausted", code=429), "RATE_LIMITED"),
    (sdk("ClientError", code=429, status="RESOURCE_EXHAUSTED"), "RATE_LIMITED"),
    (sdk("DeadlineExceeded", code=504), "TIMED_OUT"),
    (sdk("PermissionDenied", code=403), "PERMISSION_DENIED"),
    (sdk("Unauthenticated", code=401), "AUTHENTICATION_FAILED"),
    (boto("ThrottlingException", 400), "RATE_LIMITED"),
    (boto("AccessDeniedException", 400), "PERMISSION_DENIED"),
    (boto("ValidationException", 400), "BAD_REQUEST"),
    (boto("ExpiredTokenException", 403), "AUTHENTICATION_FAILED"),
    (sdk("RpcError", code=lambda: GrpcCode()), "TIMED_OUT"),
    # LangChain and friends
    (GraphRecursionError("limit"), "STEP_LIMIT_REACHED"),
    (OutputParserException("what"), "UNREADABLE_ANSWER"),
    (sdk("ConfirmationRejected", base=PermissionError), "USER_DECLINED"),
    (sdk("SubclassOfRateLimit", base=type(sdk("RateLimitError"))), "RATE_LIMITED"),
]


@pytest.mark.parametrize(
    ("error", "code"),
    BY_EVIDENCE,
    ids=[f"{type(error).__name__}-{code}" for error, code in BY_EVIDENCE],
)
def test_what_failures_are_known_by(error: BaseException, code: str) -> None:
    assert classify(error).code == code


def linked(error: BaseException, *, cause: BaseException | None = None) -> BaseException:
    error.__cause__ = cause
    return error


def test_a_wrapper_means_what_it_wraps() -> None:
    limit = sdk("RateLimitError", status_code=429)
    assert classify(linked(ValueError("agent failed"), cause=limit)) == classify(limit)
    middle = linked(RuntimeError("y"), cause=limit)
    assert classify(linked(RuntimeError("x"), cause=middle)) == classify(limit)


def test_a_context_counts_when_nothing_else_does_and_it_is_not_hidden() -> None:
    error = RuntimeError("while handling")
    error.__context__ = httpx.ReadTimeout("slow")
    assert classify(error).code == "TIMED_OUT"
    error.__suppress_context__ = True
    assert classify(error).code == "UNKNOWN_ERROR"


def test_a_group_means_what_is_in_it() -> None:
    group = ExceptionGroup("g", [ValueError("x"), ExceptionGroup("h", [httpx.ConnectTimeout("t")])])
    assert classify(group).code == "TIMED_OUT"


def test_chains_that_lead_back_come_to_an_end() -> None:
    one, two = RuntimeError("one"), RuntimeError("two")
    one.__cause__, two.__cause__ = two, one
    assert classify(one).code == "UNKNOWN_ERROR"


@pytest.mark.parametrize(
    ("headers", "seconds", "remedy"),
    [
        ({"Retry-After": "7"}, 7.0, "You can try again in 7 seconds."),
        ({"retry-after": "0.5"}, 0.5, "You can try again in 2 seconds."),
        ({"retry-after-ms": "1500"}, 1.5, "You can try again in 2 seconds."),
        ({"Retry-After": "600"}, 600.0, "You can try again later. Minutes to wait: 10."),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None, "You can try again in a moment."),
        ({"Retry-After": "-1"}, None, "You can try again in a moment."),
        ({"Retry-After": "9" * 30}, None, "You can try again in a moment."),
        ({}, None, "You can try again in a moment."),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None, remedy: str) -> None:
    failure = classify(http_error(429, **headers))
    assert failure.retry_after_seconds == seconds
    assert failure.remedy is not None
    assert default_catalogue().render(failure.remedy, "en", "normal") == remedy


def test_every_kind_has_its_words() -> None:
    catalogue = default_catalogue()
    rows = [kind for kind in vars(kinds).values() if isinstance(kind, kinds.Kind)]
    assert len({kind.code for kind in rows}) == len({kind.name for kind in rows}) == len(rows) > 20
    english = catalogue.languages["en"]
    for kind in rows:
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", kind.code)
        for key in (f"problem.{kind.name}", *([f"remedy.{kind.remedy}"] if kind.remedy else [])):
            assert "normal" in english[key]
    used = {f"problem.{kind.name}" for kind in rows} | {f"remedy.{kind.remedy}" for kind in rows}
    used |= {"remedy.try_after_seconds", "remedy.try_after_minutes"}
    assert {key for key in english if key.startswith(("problem.", "remedy."))} <= used


def _a_pydantic_error() -> ValidationError:
    class Model(BaseModel):
        x: int

    with pytest.raises(ValidationError) as caught:
        Model(x="a")  # type: ignore[arg-type]
    return caught.value


def _a_json_error() -> json.JSONDecodeError:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{")
    return caught.value


RATE_BODY = {"error": {"message": "Rate limit reached for this model", "code": "x"}}

TEXTS: list[tuple[BaseException, str | None]] = [
    (ValueError("No account is called Bob."), "No account is called Bob."),
    (Exception("ValueError: No account is called Bob"), "No account is called Bob"),
    (Exception("first line of it\nsecond line"), "first line of it"),
    (FileNotFoundError(2, "No such file or directory", "/x"), "No such file or directory"),
    (Exception(f"the key {VENDOR_KEYS['sk-']} is invalid"), f"the key {MASK} is invalid"),
    (
        sdk("RateLimitError", "Error code: 429 - {'error': {}}", body=RATE_BODY),
        "Rate limit reached for this model",
    ),
    (Exception("Error code: 429 - {'error': {'message': 'x'}}"), None),
    (sdk("AuthenticationError", "Incorrect key provided: my-own-key-7", status_code=401), None),
    (boto("Throttling", 400), None),
    (Exception("Could not find it: {'a': 1}"), "Could not find it"),
    (Exception("got <Thing object at 0x7f0000000000> instead of money"), None),
    (Exception("**Bad** input at https://x.org/a?b=1"), "Bad input at x.org"),
    (KeyError("some key here"), None),
    (Exception(), None),
    (Exception(""), None),
    (Exception("oops"), None),
    (Exception({"a": 1}), None),
    (Exception("a" * 1000), None),
    (_a_pydantic_error(), None),
    (
        _a_json_error(),
        "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    ),
    (Exception("Traceback (most recent call last):"), None),
    (Exception("<html><body>Bad gateway</body></html>"), None),
]


@pytest.mark.parametrize(("error", "expected"), TEXTS, ids=lambda value: str(type(value).__name__))
def test_what_of_a_message_is_said(error: BaseException, expected: str | None) -> None:
    assert error_text(error) == expected


def test_long_messages_end_at_a_word() -> None:
    said = error_text(Exception("word " * 500))
    assert said is not None
    assert len(said) <= 201
    assert said.endswith("word…")


class HostileError(Exception):
    """Every look at it raises, but what Python itself keeps."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no comparison")

    def __hash__(self) -> int:
        raise RuntimeError("no hash")


class OddError(Exception):
    """Answers every question with something nobody expects."""

    answer: Any = None

    def __getattr__(self, name: str) -> Any:
        return type(self).answer

    def __str__(self) -> str:
        return type(self).answer  # type: ignore[no-any-return]


def test_hostile_exceptions_are_unknown() -> None:
    error = HostileError("x")
    assert classify(error).code == "UNKNOWN_ERROR"
    assert error_text(error) is None
    assert classify(ExceptionGroup("g", [error])).code == "UNKNOWN_ERROR"
    error_text(ExceptionGroup("g", [error]))


odd_values = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.binary(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(("error", "code", "type", "Error", "Code")), st.text(max_size=5)
    ),
    st.just(HostileError),
    st.builds(lambda: HostileError("x")),
    st.builds(object),
    st.just(lambda: 1 / 0),
)


@settings(deadline=None, max_examples=200)
@given(odd_values)
def test_odd_exceptions_are_classified_all_the_same(answer: object) -> None:
    kind = type("OddError", (OddError,), {"answer": answer})
    error = kind("x")
    failure = classify(error)
    assert isinstance(failure, Failure)
    error_text(error)
    for verbosity in VERBOSITIES:
        default_catalogue().render(failure.problem, "en", verbosity)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=120))
def test_what_is_said_is_one_bounded_line(message: str) -> None:
    said = error_text(Exception(message))
    if said is not None:
        assert len(said) <= 201
        assert "\n" not in said
        assert len(said.split()) >= 1
