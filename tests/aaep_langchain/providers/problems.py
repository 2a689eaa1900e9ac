"""How the providers turn requests down, by their documentation."""

from __future__ import annotations

from tests.aaep_langchain.providers.answers import Problem

# Of no real shape, and in no file as a whole; looked for in everything that is said.
KEY = "stub-" + "key-" + "0123456789"


def _openai(
    status: int, message: str, kind: str, code: str | None = None, **headers: str
) -> Problem:
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return Problem(status, body, {"x-request-id": "req_0001", **headers})


def _anthropic(status: int, kind: str, message: str, **headers: str) -> Problem:
    body = {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": "req_0001",
    }
    return Problem(status, body, {"request-id": "req_0001", **headers})


OPENAI = {
    "bad_key": _openai(
        401,
        f"Incorrect API key provided: {KEY}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        "invalid_request_error",
        "invalid_api_key",
    ),
    "rate_limit": _openai(
        429,
        "Rate limit reached for stub-model in organization org-0001 on requests per min (RPM): "
        "Limit 3, Used 3, Requested 1. Please try again in 20s.",
        "requests",
        "rate_limit_exceeded",
        **{"retry-after": "20"},
    ),
    "quota": _openai(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more "
        "information on this error, read the docs: "
        "https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    "server": _openai(
        500,
        "The server had an error while processing your request. Sorry about that!",
        "server_error",
    ),
    "overloaded": _openai(
        503,
        "The engine is currently overloaded, please try again later.",
        "service_unavailable",
    ),
    "too_long": _openai(
        400,
        "This model's maximum context length is 8192 tokens. However, your messages resulted in "
        "9001 tokens. Please reduce the length of the messages.",
        "invalid_request_error",
        "context_length_exceeded",
    ),
    "no_model": _openai(
        404,
        "The model `stub-model` does not exist or you do not have access to it.",
        "invalid_request_error",
        "model_not_found",
    ),
    "region": _openai(
        403,
        "Country, region, or territory not supported",
        "request_forbidden",
        "unsupported_country_region_territory",
    ),
}

ANTHROPIC = {
    "bad_key": _anthropic(401, "authentication_error", f"invalid x-api-key: {KEY}"),
    "rate_limit": _anthropic(
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 50 requests per minute.",
        **{"retry-after": "20"},
    ),
    "quota": _anthropic(
        400,
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing "
        "to upgrade or purchase credits.",
    ),
    "server": _anthropic(500, "api_error", "Internal server error"),
    "overloaded": _anthropic(529, "overloaded_error", "Overloaded"),
    "too_long": _anthropic(
        400, "invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"
    ),
    "no_model": _anthropic(404, "not_found_error", "model: stub-model"),
    "region": _anthropic(403, "permission_error", "Your API key does not have permission."),
}
