"""From an exception to what it means: kind, category, remedy.

Evidence by strength: a provider's own code, the HTTP status, the class name, a gRPC or plain code,
Python's own type. The first exception of a chain with evidence of a service decides; Python's own
types only where there is none, since a ValueError often wraps a rate limit.
"""

from __future__ import annotations

import errno
import math
import re
from collections.abc import Iterator
from typing import Final

from aaep_helpers.catalogue import Summary
from aaep_helpers.failures.kinds import (
    BUILT_IN,
    CLASS_NAMES,
    CONNECTION,
    DISK_FULL,
    INTERRUPTED,
    PHRASES,
    PLAIN_CODES,
    TELLING_CODES,
    TIMED_OUT,
    UNKNOWN,
    Failure,
    Kind,
    kind_of_status,
)
from aaep_helpers.failures.reading import class_names, is_a, item, message, read, related, text

_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")
_ENDINGS: Final = re.compile(r"(?:error|exception)\Z")
# A provider's code of at least two words in front of the words, or in the repr of its error: what is left
# of an error in the middle of OpenAI's stream of a response.
_CODE_IN_WORDS: Final = re.compile(r"\A(?:ResponseError\(code='(\w{3,80})'|([a-z]+(?:_[a-z]+)+): )")
_LONGEST_WAIT: Final = 24 * 3600
_SECONDS_SAID: Final = 120

_ERRNOS: Final[dict[int | None, Kind]] = {
    errno.ETIMEDOUT: TIMED_OUT,
    errno.ECONNREFUSED: CONNECTION,
    errno.ECONNRESET: CONNECTION,
    errno.EHOSTUNREACH: CONNECTION,
    errno.ENETUNREACH: CONNECTION,
    errno.ENETDOWN: CONNECTION,
    errno.ENOSPC: DISK_FULL,
}


def classify(error: BaseException) -> Failure:
    """What `error` means to the user; never raises, and never tells what is in it.

    Args:
        error: Any exception; its causes, contexts and the members of a group are looked at as well.
    """
    fallback: Kind | None = None
    for current in related(error):
        kind = _by_service(current)
        if kind is not None:
            return _failure(kind, _retry_after(current))
        if fallback is None:
            fallback = _by_type(current)
    return _failure(fallback or UNKNOWN, None)


def _failure(kind: Kind, wait: float | None) -> Failure:
    recoverable = kind.recoverable
    if recoverable is None:
        recoverable = kind.category in ("transient", "requires_user")
    remedy = Summary.of(f"remedy.{kind.remedy}") if kind.remedy else None
    if wait is not None and kind.category == "transient":
        remedy = _after(wait)
    return Failure(
        category=kind.category,
        code=kind.code,
        recoverable=recoverable,
        problem=Summary.of(f"problem.{kind.name}"),
        remedy=remedy,
        retry_after_seconds=wait,
    )


def _after(wait: float) -> Summary:
    if wait <= _SECONDS_SAID:
        return Summary.of("remedy.try_after_seconds", seconds=max(2, math.ceil(wait)))
    return Summary.of("remedy.try_after_minutes", minutes=math.ceil(wait / 60))


def _by_service(error: BaseException) -> Kind | None:
    """The kind by what a service or library said; None if nothing of the sort is to be found."""
    codes = list(_codes(error))
    for code in codes:
        if code in TELLING_CODES:
            return TELLING_CODES[code]
    by_status = _by_status(error)
    by_name = _by_name(error)
    if by_status is not None or by_name is not None:
        said = message(error).lower()
        for phrase, kind in PHRASES:
            if phrase in said:
                return kind
    # 529 and such come in classes named after the status that is nearest.
    if by_status is not None:
        return by_status
    if by_name is not None:
        return by_name
    for code in codes:
        if code in PLAIN_CODES:
            return PLAIN_CODES[code]
    return None


def _by_name(error: BaseException) -> Kind | None:
    for name, kind in zip(class_names(error), type(error).__mro__, strict=True):
        if name in CLASS_NAMES and kind.__module__ != "builtins":
            return CLASS_NAMES[name]
        if name == "CancelledError":
            return INTERRUPTED
    return None


def _by_type(error: BaseException) -> Kind | None:
    if is_a(error, OSError):
        number = _number(OSError.__dict__["errno"].__get__(error))
        if number in _ERRNOS:
            return _ERRNOS[number]
    for kind, meaning in BUILT_IN:
        if is_a(error, kind):
            return meaning
    return None


def _number(value: object) -> int | None:
    # HTTPStatus and grpc's enums are ints too; True is no status.
    kind = type(value)
    if not issubclass(kind, int) or issubclass(kind, bool):
        return None
    return int.__index__(value)  # type: ignore[arg-type]


def _by_status(error: BaseException) -> Kind | None:
    response = read(error, "response")
    for value in (
        read(error, "status_code"),
        read(error, "http_status"),
        read(error, "status"),
        read(error, "code"),
        read(response, "status_code"),
        read(response, "status"),
        item(item(response, "ResponseMetadata"), "HTTPStatusCode"),
    ):
        status = _number(value)
        kind = None if status is None else kind_of_status(status)
        if kind is not None:
            return kind
    return None


def _codes(error: BaseException) -> Iterator[str]:
    """The codes a provider gave, lower case without separators: from attributes, body, response."""
    body = read(error, "body")
    inner = item(body, "error")
    response = read(error, "response")
    code = read(error, "code")
    if callable(code):
        # grpc.RpcError.code() answers an enum.
        code = _called(code)
    for value in (
        code,
        read(code, "name"),
        read(error, "type"),
        read(error, "error_code"),
        read(error, "status"),
        item(inner, "code"),
        item(inner, "type"),
        item(inner, "status"),
        item(item(inner, "innererror"), "code"),
        item(body, "code"),
        item(body, "type"),
        item(item(response, "Error"), "Code"),
        _code_in_words(error),
    ):
        found = _SEPARATORS.sub("", text(value)[:100].lower())
        if found:
            yield _ENDINGS.sub("", found) or found


def _code_in_words(error: BaseException) -> str:
    found = _CODE_IN_WORDS.match(message(error)) if type(error) is ValueError else None
    return (found[1] or found[2]) if found is not None else ""


def _called(function: object) -> object:
    try:
        return function()  # type: ignore[operator]
    except Exception:  # noqa: BLE001 - foreign code; without an answer there is no code
        return None


def _retry_after(error: BaseException) -> float | None:
    """The seconds the service asked to wait; a date is not read, since there is no clock here."""
    response = read(error, "response")
    headers = read(response, "headers")
    metadata = item(item(response, "ResponseMetadata"), "HTTPHeaders")
    for value, unit in (
        (read(error, "retry_after"), 1.0),
        (item(headers, "retry-after-ms"), 0.001),
        (item(headers, "retry-after"), 1.0),
        (item(headers, "Retry-After"), 1.0),
        (item(metadata, "retry-after"), 1.0),
    ):
        seconds = _seconds(value)
        if seconds is not None and 0 <= seconds * unit <= _LONGEST_WAIT:
            return seconds * unit
    return None


def _seconds(value: object) -> float | None:
    if issubclass(type(value), float):
        return float.__float__(value)  # type: ignore[arg-type]
    whole = _number(value)
    if whole is not None:
        return float(whole) if abs(whole) <= _LONGEST_WAIT * 1000 else None
    said = text(value).strip()
    return float(said) if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", said) else None
