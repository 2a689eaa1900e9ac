"""jsonschema-rs, which judges at emission, and jsonschema, which judges in the suite, agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.schemas.defects import DEFECTS
from tests.schemas.engines import (
    FORMATS,
    fast,
    found_by_fast,
    found_by_thorough,
    schema_for,
    thorough,
)
from tests.schemas.examples import KINDS, changed, full, minimal
from tests.schemas.mutants import mutants, places

QUIET = settings(deadline=None, max_examples=300, derandomize=True)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


def assert_agreement(name: str, instance: Any) -> None:
    slow = thorough(name).is_valid(instance)
    assert fast(name).is_valid(instance) == slow, (name, instance)
    # jsonschema-rs does not tell the place of a field whose name is empty.
    if not slow and not any(place.endswith("/") or "//" in place for place in places(instance)):
        assert found_by_fast(name, instance) == found_by_thorough(name, instance)


@pytest.mark.parametrize("kind", KINDS)
def test_the_engines_agree_on_valid_messages(kind: str) -> None:
    for message in (minimal(kind), full(kind)):
        name = schema_for(message)
        assert fast(name).is_valid(message)
        assert thorough(name).is_valid(message)


def test_the_engines_find_the_same_rules_and_places_in_every_defect() -> None:
    for defect in DEFECTS:
        message = defect.message
        name = schema_for(message)
        assert found_by_fast(name, message) == found_by_thorough(name, message), defect


@pytest.mark.parametrize("kind", KINDS)
def test_the_engines_agree_on_mutants(kind: str) -> None:
    # Every seventh: jsonschema needs a hundred times as long as jsonschema-rs.
    for mutant in list(mutants(kind))[::7]:
        name = schema_for(mutant)
        assert fast(name).is_valid(mutant) == thorough(name).is_valid(mutant), mutant


@QUIET
@given(data=st.data(), kind=st.sampled_from(KINDS), value=json_values)
def test_the_engines_agree_with_any_value_in_any_place(
    data: st.DataObject, kind: str, value: object
) -> None:
    message = full(kind)
    place = data.draw(st.sampled_from(places(message)))
    mutant = changed(message, {place: value})
    assert_agreement(schema_for(mutant), mutant)


_FORMS = {
    "/timestamp": r"\A[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
    r"(\.[0-9]{1,9})?(Z|z|[+-][0-2][0-9]:?[0-6][0-9])?\n?\Z",
    "/localization_hints/primary_language": r"\A[A-Za-z0-9é]{1,9}([-_][A-Za-z0-9]{0,9}){0,3}\n?\Z",
    "/tool": r"\A[A-Za-z_0-9é٣][A-Za-z0-9_.\- ]{0,9}\n?\Z",
    "/event_id": r"\Aevt_[A-Za-z0-9é٣]{0,70}\n?\Z",
    "/aaep_version": r"\A[0-9٣]{1,2}(\.[0-9]{1,2}){1,3}([-+][a-z0-9.]*)?\n?\Z",
    "/@context/1": r"\A[a-z1:]{0,3}:?/{0,3}([a-z@.\[\]:%é ]|%[0-9a-g]{2}){0,8}([?#][a-z]?)?\n?\Z",
    "/producer/manifest_uri": r"\A(https?|urn|[a-z]{1,3}|mailto):/{0,3}[a-z0-9.:@%#?\[\]]{0,9}\Z",
}


@settings(QUIET, max_examples=500)
@given(data=st.data(), place=st.sampled_from(sorted(_FORMS)))
def test_the_engines_agree_on_texts_that_nearly_have_the_form(
    data: st.DataObject, place: str
) -> None:
    value = data.draw(st.from_regex(_FORMS[place]))
    mutant = changed(full("aaep:agent.tool.invoked"), {place: value})
    assert_agreement("core/agent.tool.invoked", mutant)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("aaep:agent.tool.invoked", "/event_id"),
        ("aaep:agent.tool.invoked", "/session_id"),
        ("aaep:agent.tool.invoked", "/tool"),
        ("aaep:agent.tool.invoked", "/tool_call_id"),
        ("aaep:agent.tool.invoked", "/timestamp"),
        ("aaep:agent.tool.invoked", "/aaep_version"),
        ("aaep:agent.tool.invoked", "/producer/manifest_uri"),
        ("aaep:agent.output.streaming", "/output_id"),
        ("aaep:agent.output.streaming", "/content_type"),
        ("aaep:agent.output.streaming", "/language"),
        ("aaep:agent.awaiting.confirmation", "/reply_token"),
        ("aaep:agent.session.errored", "/error_code"),
        ("aaep:agent.session.cancelled", "/cancellation_reason"),
        ("confirmation.reply", "/subscription_id"),
        ("confirmation.reply", "/timestamp"),
        ("subscription.accepted", "/signed_manifest"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r", "\r\n", "\u2028", "\x85", "\x00"])
def test_no_engine_overlooks_a_line_break_at_the_end(kind: str, place: str, ending: str) -> None:
    message = full(kind)
    good = message
    for step in place.split("/")[1:]:
        good = good[step]
    mutant = changed(message, {place: f"{good}{ending}"})
    name = schema_for(mutant)
    assert not fast(name).is_valid(mutant)
    assert not thorough(name).is_valid(mutant)


def test_jsonschema_asserts_the_formats_here() -> None:
    # Without its extra packages it would let everything through and the agreement mean nothing.
    assert not FORMATS.conforms("2026-02-30T00:00:00Z", "date-time")
    assert not FORMATS.conforms("not a uri", "uri")
