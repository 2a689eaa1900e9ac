"""The kinds of failure and what tells them apart, as data.

Classes are known by name, so that no library has to be installed, let alone imported. The wording is
the catalogue's: `problem.<kind>` and `remedy.<remedy>`. Boundary: tables only; `classify` reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aaep_helpers.catalogue import Summary
from aaep_helpers.vocabulary import ErrorCategory


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, for a session.errored event and for the listener.

    Attributes:
        category: Whether waiting, the user or nothing helps.
        code: The error_code, UPPER_SNAKE.
        recoverable: Whether the same request may succeed later or after the user did something.
        problem: What happened, in words.
        remedy: What the listener can do; None where nothing is known to help.
        retry_after_seconds: How long the service asked to wait, where it did.
    """

    category: ErrorCategory
    code: str
    recoverable: bool
    problem: Summary
    remedy: Summary | None
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One row: how a failure of this kind is announced.

    Attributes:
        name: Its catalogue entry, `problem.<name>`.
        category: See Failure.
        code: See Failure.
        remedy: Its catalogue entry, `remedy.<remedy>`, or "".
        recoverable: See Failure; as the category says where not given.
    """

    name: str
    category: ErrorCategory
    code: str
    remedy: str = ""
    recoverable: bool | None = None


TIMED_OUT: Final = Kind("timed_out", "transient", "TIMED_OUT", "try_soon")
RATE_LIMITED: Final = Kind("rate_limited", "transient", "RATE_LIMITED", "try_soon")
OVERLOADED: Final = Kind("overloaded", "transient", "SERVICE_OVERLOADED", "try_later")
UNAVAILABLE: Final = Kind("unavailable", "transient", "SERVICE_UNAVAILABLE", "try_later")
CONNECTION: Final = Kind("connection", "transient", "CONNECTION_FAILED", "check_connection")
CONFLICT: Final = Kind("conflict", "transient", "CONFLICT", "try_soon")
SIGN_IN: Final = Kind("sign_in", "requires_user", "AUTHENTICATION_FAILED", "check_sign_in")
NOT_ALLOWED: Final = Kind("not_allowed", "requires_user", "PERMISSION_DENIED", "ask_for_access")
PAYMENT: Final = Kind("payment", "requires_user", "PAYMENT_REQUIRED", "check_plan")
QUOTA: Final = Kind("quota", "requires_user", "QUOTA_EXCEEDED", "check_plan")
DECLINED: Final = Kind("declined", "requires_user", "USER_DECLINED")
DISK_FULL: Final = Kind("disk_full", "requires_user", "STORAGE_FULL", "free_space")
UNGUARDED: Final = Kind("unguarded", "requires_user", "UNGUARDED_TOOL", "ask_for_gate")
TOO_LONG: Final = Kind("too_long", "permanent", "CONTEXT_TOO_LONG", "start_anew")
REFUSED: Final = Kind("refused", "permanent", "CONTENT_REFUSED", "rephrase")
BAD_REQUEST: Final = Kind("bad_request", "permanent", "BAD_REQUEST", "rephrase")
NOT_FOUND: Final = Kind("not_found", "permanent", "NOT_FOUND", "check_details")
FILE_NOT_FOUND: Final = Kind("file_not_found", "permanent", "FILE_NOT_FOUND", "check_details")
BAD_VALUE: Final = Kind("bad_value", "permanent", "INVALID_VALUE", "check_details")
NOT_SUPPORTED: Final = Kind("not_supported", "permanent", "NOT_SUPPORTED")
STEP_LIMIT: Final = Kind("step_limit", "permanent", "STEP_LIMIT_REACHED", "smaller_request")
ODD_ANSWER: Final = Kind("odd_answer", "unknown", "UNREADABLE_ANSWER", "try_soon", recoverable=True)
TOOL_FAILED: Final = Kind("tool_failed", "unknown", "TOOL_FAILED")
INTERRUPTED: Final = Kind("interrupted", "unknown", "INTERRUPTED", "try_soon", recoverable=True)
INTERNAL: Final = Kind("internal", "unknown", "INTERNAL_ERROR")
UNKNOWN: Final = Kind("unknown", "unknown", "UNKNOWN_ERROR")

STATUSES: Final[dict[int, Kind]] = {
    400: BAD_REQUEST,
    401: SIGN_IN,
    402: PAYMENT,
    403: NOT_ALLOWED,
    404: NOT_FOUND,
    407: SIGN_IN,
    408: TIMED_OUT,
    409: CONFLICT,
    410: NOT_FOUND,
    413: TOO_LONG,
    422: BAD_REQUEST,
    425: UNAVAILABLE,
    429: RATE_LIMITED,
    451: REFUSED,
    499: INTERRUPTED,
    503: UNAVAILABLE,
    504: TIMED_OUT,
    529: OVERLOADED,
}


def kind_of_status(status: int) -> Kind | None:
    """The kind an HTTP status stands for; None if it is no error of either side."""
    if status in STATUSES:
        return STATUSES[status]
    if 500 <= status <= 599:
        return UNAVAILABLE
    return BAD_REQUEST if 400 <= status <= 499 else None


# Codes of providers, lower case without separators, which say more than the status they come with.
TELLING_CODES: Final[dict[str, Kind]] = {
    "insufficientquota": QUOTA,
    "quotaexceeded": QUOTA,
    "servicequotaexceeded": QUOTA,
    "billinghardlimitreached": QUOTA,
    "billingnotactive": PAYMENT,
    "billingerror": PAYMENT,
    "insufficientcredits": PAYMENT,
    "contextlengthexceeded": TOO_LONG,
    "requesttoolarge": TOO_LONG,
    "stringabovemaxlength": TOO_LONG,
    "contentfilter": REFUSED,
    "contentpolicyviolation": REFUSED,
    "responsibleaipolicyviolation": REFUSED,
    "overloaded": OVERLOADED,
    "invalidapikey": SIGN_IN,
    "expiredtoken": SIGN_IN,
    "unrecognizedclient": SIGN_IN,
    "invalidclienttokenid": SIGN_IN,
    "accessdenied": NOT_ALLOWED,
    "throttling": RATE_LIMITED,
    "toomanyrequests": RATE_LIMITED,
    "ratelimitexceeded": RATE_LIMITED,
    "resourceexhausted": RATE_LIMITED,
    "slowdown": RATE_LIMITED,
    "modeltimeout": TIMED_OUT,
    "modelnotready": OVERLOADED,
    "invalidprompt": REFUSED,
    "vectorstoretimeout": TIMED_OUT,
}

# Codes that are only as good as a status; gRPC's names among them.
PLAIN_CODES: Final[dict[str, Kind]] = {
    "ratelimit": RATE_LIMITED,
    "authentication": SIGN_IN,
    "unauthenticated": SIGN_IN,
    "permission": NOT_ALLOWED,
    "permissiondenied": NOT_ALLOWED,
    "deadlineexceeded": TIMED_OUT,
    "requesttimeout": TIMED_OUT,
    "timeout": TIMED_OUT,
    "unavailable": UNAVAILABLE,
    "serviceunavailable": UNAVAILABLE,
    "internal": UNAVAILABLE,
    "internalserver": UNAVAILABLE,
    "server": UNAVAILABLE,
    "api": UNAVAILABLE,
    "aborted": CONFLICT,
    "cancelled": INTERRUPTED,
    "notfound": NOT_FOUND,
    "modelnotfound": NOT_FOUND,
    "resourcenotfound": NOT_FOUND,
    "invalidrequest": BAD_REQUEST,
    "invalidargument": BAD_REQUEST,
    "validation": BAD_REQUEST,
    "failedprecondition": BAD_REQUEST,
    "outofrange": BAD_REQUEST,
    "unimplemented": NOT_SUPPORTED,
}

# What providers say in words where they have no code for it; lower case.
PHRASES: Final[tuple[tuple[str, Kind], ...]] = (
    ("insufficient_quota", QUOTA),
    ("exceeded your current quota", QUOTA),
    ("credit balance is too low", PAYMENT),
    ("insufficient credits", PAYMENT),
    ("context_length_exceeded", TOO_LONG),
    ("maximum context length", TOO_LONG),
    ("prompt is too long", TOO_LONG),
    ("context window", TOO_LONG),
    ("input is too long", TOO_LONG),
    ("content_filter", REFUSED),
    ("content management policy", REFUSED),
    ("api key not valid", SIGN_IN),
    ("incorrect api key", SIGN_IN),
)

# Class names of SDKs and libraries (openai, anthropic, google, litellm, boto, httpx, requests,
# aiohttp, urllib3, grpc, LangChain, LangGraph, pydantic), anywhere among an exception's classes.
CLASS_NAMES: Final[dict[str, Kind]] = {
    **dict.fromkeys(
        (
            *("APITimeoutError", "TimeoutException", "ConnectTimeout", "ReadTimeout", "Timeout"),
            *("WriteTimeout", "PoolTimeout", "ReadTimeoutError", "ConnectTimeoutError"),
            *("DeadlineExceeded", "GatewayTimeout", "ServerTimeoutError", "NodeTimeoutError"),
            *("ToolTimeoutError", "ModelTimeoutException"),
        ),
        TIMED_OUT,
    ),
    **dict.fromkeys(
        (
            *("APIConnectionError", "ConnectError", "ConnectionError", "NetworkError", "ReadError"),
            *("WriteError", "RemoteProtocolError", "ProxyError", "EndpointConnectionError"),
            *("ClientConnectionError", "ServerDisconnectedError", "NewConnectionError"),
            *("MaxRetryError", "ProtocolError", "ChunkedEncodingError", "gaierror", "URLError"),
        ),
        CONNECTION,
    ),
    **dict.fromkeys(
        ("RateLimitError", "TooManyRequests", "ResourceExhausted", "ThrottlingException"),
        RATE_LIMITED,
    ),
    "OverloadedError": OVERLOADED,
    "ModelNotReadyException": OVERLOADED,
    **dict.fromkeys(
        (
            *("InternalServerError", "ServiceUnavailableError", "ServiceUnavailable", "BadGateway"),
            *("ServerError", "InternalServerException", "ServiceUnavailableException"),
        ),
        UNAVAILABLE,
    ),
    **dict.fromkeys(
        (
            *("AuthenticationError", "Unauthenticated", "Unauthorized", "UnauthorizedError"),
            *("NoCredentialsError", "RefreshError", "DefaultCredentialsError"),
            *("PartialCredentialsError", "MissingAPIKeyError"),
        ),
        SIGN_IN,
    ),
    **dict.fromkeys(
        ("PermissionDeniedError", "PermissionDenied", "Forbidden", "AccessDeniedException"),
        NOT_ALLOWED,
    ),
    "InsufficientQuotaError": QUOTA,
    "BudgetExceededError": QUOTA,
    "ConfirmationRejected": DECLINED,
    "UnguardedToolError": UNGUARDED,
    **dict.fromkeys(
        ("ContextOverflowError", "ContextWindowExceededError", "LengthFinishReasonError"), TOO_LONG
    ),
    **dict.fromkeys(("ContentPolicyViolationError", "ContentFilterFinishReasonError"), REFUSED),
    **dict.fromkeys(
        (
            *("BadRequestError", "InvalidRequestError", "UnprocessableEntityError", "BadRequest"),
            "InvalidArgument",
        ),
        BAD_REQUEST,
    ),
    **dict.fromkeys(("NotFoundError", "NotFound", "ModelNotFoundError"), NOT_FOUND),
    "ConflictError": CONFLICT,
    "GraphRecursionError": STEP_LIMIT,
    "ModelCallLimitExceededError": STEP_LIMIT,
    "ToolCallLimitExceededError": STEP_LIMIT,
    "OutputParserException": ODD_ANSWER,
    "StructuredOutputValidationError": ODD_ANSWER,
    "MultipleStructuredOutputsError": ODD_ANSWER,
    "ValidationError": BAD_VALUE,
    "ToolException": TOOL_FAILED,
}

# Python's own, most derived first. They say what happened somewhere, not what it meant.
BUILT_IN: Final[tuple[tuple[type[BaseException], Kind], ...]] = (
    (TimeoutError, TIMED_OUT),
    (ConnectionError, CONNECTION),
    (FileNotFoundError, FILE_NOT_FOUND),
    (PermissionError, NOT_ALLOWED),
    (NotImplementedError, NOT_SUPPORTED),
    (RecursionError, INTERNAL),
    (ValueError, BAD_VALUE),
    (KeyboardInterrupt, INTERRUPTED),
    (GeneratorExit, INTERRUPTED),
    (SystemExit, INTERRUPTED),
    (ArithmeticError, INTERNAL),
    (AssertionError, INTERNAL),
    (AttributeError, INTERNAL),
    (ImportError, INTERNAL),
    (LookupError, INTERNAL),
    (MemoryError, INTERNAL),
    (NameError, INTERNAL),
    (TypeError, INTERNAL),
)
