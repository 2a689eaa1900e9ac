"""Validation takes anything and answers with violations; it never raises."""

from __future__ import annotations

import enum
import json
import shutil
import threading
from collections import OrderedDict, UserDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers.errors import InternalError
from aaep_helpers.validation import (
    checks,
    is_valid_event,
    normalised_type,
    schema_names,
    schema_text,
    schemas,
    soft_limit_violations,
    validate_event,
    validate_message,
)
from tests.schemas.examples import (
    DROP,
    EVENT_KINDS,
    EXTENSION_TYPE,
    MESSAGE_KINDS,
    changed,
    full,
    minimal,
)
from tests.schemas.mutants import mutants

TOOL_INVOKED = "aaep:agent.tool.invoked"
CONFIRMATION = "aaep:agent.awaiting.confirmation"
IRI = "https://aaep-protocol.org/types/"


def rules(event: object) -> set[tuple[str, str]]:
    return {(found.rule, found.path) for found in validate_event(event)}


class Text(str):
    __slots__ = ()


class Word(enum.StrEnum):
    HIGH = "high"


class Level(enum.IntEnum):
    THREE = 3


class Colour(enum.Enum):
    RED = "red"


class Hostile(dict[str, object]):
    """A dict whose every method fails."""

    def __getitem__(self, key: str) -> object:
        raise RuntimeError(key)

    def get(self, *args: object) -> Any:
        raise RuntimeError(args)

    def items(self) -> Any:
        raise RuntimeError

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError


class Disguised:
    """Something that fails when asked what it is."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise RuntimeError

    def __repr__(self) -> str:
        raise RuntimeError


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def recursive() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


def doubling() -> Any:
    """Thirty lists that stand for a thousand million values."""
    value: Any = [1]
    for _ in range(30):
        value = [value, value]
    return value


def kind_of(value: object) -> str:
    return type(value).__name__


NOT_OBJECTS: list[object] = [None, True, 3, 2.5, "event", [], [minimal(TOOL_INVOKED)], ()]
NOT_JSON: list[object] = [
    b"x",
    bytearray(b"x"),
    {1, 2},
    frozenset(),
    object(),
    Text("x"),
    Colour.RED,
    float("nan"),
    float("inf"),
    1j,
    "\ud800",
    2**53 + 1,
    -(2**70),
    10**5000,
    range(3),
    (item for item in "ab"),
    len,
    int,
    UserDict({"a": 1}),
]


@pytest.mark.parametrize("value", NOT_OBJECTS, ids=kind_of)
def test_what_is_no_object_is_no_event_and_no_message(value: object) -> None:
    assert rules(value) == {("ENV-1", "")}
    assert [found.rule for found in validate_message(value)] == ["TRN-1"]
    assert not is_valid_event(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", NOT_JSON, ids=kind_of)
def test_what_is_no_json_is_named_by_its_place(value: object) -> None:
    assert rules(value) == {("ENV-6", "")}
    assert [found.rule for found in validate_message(value)] == ["ENV-6"]
    for place in ("/tool", "/producer/agent_id", "/localization_hints/fallback_chain/0"):
        event = changed_in_place(full(TOOL_INVOKED), place, value)
        assert rules(event) == {("ENV-6", place)}
    free = changed_in_place(full(CONFIRMATION), "/extra_context/account", value)
    assert rules(free) == {("ENV-6", "/extra_context/account")}
    assert not is_valid_event(free)


def changed_in_place(event: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    """As `changed`, for values that cannot be copied."""
    *parents, last = place.split("/")[1:]
    target: Any = event
    for step in parents:
        target = target[int(step) if isinstance(target, list) else step]
    target[int(last) if isinstance(target, list) else last] = value
    return event


@pytest.mark.parametrize("name", [1, None, b"x", Text("x"), (1, 2), Colour.RED], ids=kind_of)
def test_a_name_that_is_no_plain_string_is_refused(name: object) -> None:
    event: dict[Any, Any] = {**minimal(TOOL_INVOKED), name: 1}
    assert rules(event) == {("ENV-6", "")}
    assert not is_valid_event(event)


def test_half_a_surrogate_pair_in_a_name_is_refused_and_shown_escaped() -> None:
    event = {**minimal(TOOL_INVOKED), "\udc00": 1}
    assert rules(event) == {("ENV-6", "/\\udc00")}
    assert not is_valid_event(event)


@pytest.mark.parametrize(
    ("value", "rule"),
    [(nested(100), "ENV-7"), (nested(100_000), "ENV-7"), (recursive(), "ENV-7")],
    ids=["deep", "very deep", "recursive"],
)
def test_nesting_without_end_is_a_violation(value: Any, rule: str) -> None:
    event = {**full(CONFIRMATION), "extra_context": {"it": value}}
    assert {found.rule for found in validate_event(event)} == {rule}
    assert not is_valid_event(event)
    assert {found.rule for found in validate_event({**minimal(TOOL_INVOKED), "tool": value})} == {
        rule
    }


def test_a_flood_of_values_is_a_violation() -> None:
    assert rules({**full(CONFIRMATION), "extra_context": {"it": doubling()}}) == {("ENV-7", "")}


def test_hostile_dicts_are_read_past_their_methods() -> None:
    assert validate_event(Hostile(minimal(TOOL_INVOKED))) == []
    assert rules(Hostile({**minimal(TOOL_INVOKED), "tool": 5})) == {("ENV-1", "/tool")}
    assert validate_message(Hostile(minimal("confirmation.reply"))) == []


def test_other_forms_of_json_values_count_as_json_dumps_writes_them() -> None:
    event = OrderedDict(full(TOOL_INVOKED))
    event["risk_level"] = Word.HIGH
    event["sequence_number"] = Level.THREE
    event["localization_hints"] = {"fallback_chain": ("en", "de")}
    assert validate_event(event) == []
    assert is_valid_event(event)
    assert validate_event(json.loads(json.dumps(event))) == []


def test_what_fails_when_asked_what_it_is_is_not_asked() -> None:
    assert rules(Disguised()) == {("ENV-6", "")}
    assert rules({**minimal(TOOL_INVOKED), "tool": Disguised()}) == {("ENV-6", "/tool")}
    assert not is_valid_event({**minimal(TOOL_INVOKED), "tool": Disguised()})


def test_many_faults_are_reported_up_to_a_bound() -> None:
    event = {**full(CONFIRMATION), "extra_context": {str(n): b"" for n in range(1000)}}
    assert 1 < len(validate_event(event)) <= 100
    event = {**full(CONFIRMATION), **{f"field{n}": n for n in range(1000)}}
    assert 1 < len(validate_event(event)) <= 100


def test_an_event_is_left_as_it_was() -> None:
    event = {**full(TOOL_INVOKED), "type": IRI + "agent.tool.invoked"}
    before = json.dumps(event)
    validate_event(event)
    is_valid_event(event)
    soft_limit_violations(event)
    assert json.dumps(event) == before


@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_the_iri_form_of_a_type_means_the_same(kind: str) -> None:
    iri = IRI + kind.removeprefix("aaep:")
    assert normalised_type(iri) == kind
    assert validate_event({**full(kind), "type": iri}) == []
    unknown = {**full(kind), "colour": 1, "type": iri}
    assert rules(unknown) == {("ENV-4", "/colour")}


def test_the_iri_form_of_the_manifests_type_means_the_same() -> None:
    manifest = {**full("aaep:producer.manifest"), "type": IRI + "producer.manifest"}
    assert validate_message(manifest) == []


@pytest.mark.parametrize("given_type", [None, 5, [], {}, "chess:move", "aaep:x", IRI])
def test_types_are_returned_as_they_are_unless_they_are_such_an_iri(given_type: object) -> None:
    expected = "aaep:" if given_type == IRI else given_type
    assert normalised_type(given_type) == expected


def test_an_unknown_aaep_type_is_refused_and_the_envelope_still_judged() -> None:
    event = {**minimal(EVENT_KINDS[0]), "type": "aaep:agent.x", "event_id": "7", "anything": 1}
    assert rules(event) == {("ENV-3", "/type"), ("ENV-1", "/event_id")}


def test_an_extension_type_has_its_own_fields() -> None:
    event = {**minimal(EXTENSION_TYPE), "anything": {"deep": [1, None]}, "summary_normal": 5}
    assert validate_event(event) == []
    assert validate_event({**event, "type": "https://example.org/types/move"}) == []
    assert not is_valid_event(event)


@pytest.mark.parametrize("kind", MESSAGE_KINDS)
def test_a_message_is_no_event(kind: str) -> None:
    assert validate_event(minimal(kind)) != []
    assert not is_valid_event(minimal(kind))


@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_an_event_is_no_message(kind: str) -> None:
    assert [(found.rule, found.path) for found in validate_message(minimal(kind))] == [
        ("TRN-1", "/type")
    ]


@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_the_fast_way_and_the_thorough_way_agree(kind: str) -> None:
    for mutant in mutants(kind):
        assert is_valid_event(mutant) == (validate_event(mutant) == [])


def test_a_fields_name_comes_escaped_and_cut() -> None:
    assert rules({**minimal(TOOL_INVOKED), "a/b~c": 1}) == {("ENV-4", "/a~1b~0c")}
    secret = "sk-" + "a1" * 200
    (found,) = validate_event({**minimal(TOOL_INVOKED), secret: 1})
    assert secret not in str(found)
    assert len(found.path) < 80


def test_values_are_never_repeated() -> None:
    event = changed(full(TOOL_INVOKED), {"/tool": "pass word: hunter2", "/risk_level": "hunter2"})
    found = validate_event(event)
    assert len(found) == 2
    assert "hunter2" not in "".join(map(str, found))


def test_sentences_say_what_to_do() -> None:
    def said(changes: dict[str, Any]) -> str:
        (found,) = validate_event(changed(full(TOOL_INVOKED), changes))
        return found.message

    assert said({"/tool": DROP}) == "tool is missing."
    assert said({"/producer/agent_id": DROP}) == "producer.agent_id is missing."
    assert said({"/risk_level": 5}) == 'risk_level must be one of "low", "medium", "high".'
    assert said({"/irreversible": "no"}) == "irreversible must be true or false."
    assert said({"/summary_normal": ""}) == "summary_normal must not be empty."
    assert "summary_normal is meant" in said({"/sumary_normal": "x"})
    assert "extensions" in said({"/colour": "red"})
    assert said({"/event_id": "7"}).startswith("event_id must be evt_ followed by")
    (found,) = validate_event({**minimal(CONFIRMATION), "urgency": "normal"})
    assert found.message == 'urgency must be "critical".'


python_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.just("\ud800")
    | st.sampled_from([*Word, *Level, *Colour, Text("x")]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.sets(st.integers(), max_size=2)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=400, derandomize=True)
@given(
    value=python_values,
    place=st.sampled_from(
        ["", "/type", "/extensions", "/extra_context", "/@context", "/producer", "/aaep_x"]
    ),
)
def test_no_python_value_makes_it_raise(value: Any, place: str) -> None:
    event: Any = value if place == "" else changed_in_place(full(CONFIRMATION), place, value)
    found = validate_event(event)
    assert all(violation.rule and violation.message for violation in found)
    validate_message(event)
    soft_limit_violations(event)
    if is_valid_event(event):
        assert found == []
    if not found:
        json.dumps(event, allow_nan=False).encode("utf-8")


def test_soft_limits_are_kept_by_the_full_examples() -> None:
    for kind in EVENT_KINDS:
        assert soft_limit_violations(full(kind)) == []


def limits(event: object) -> list[tuple[str, str]]:
    return [(found.path, found.message.split(";")[0]) for found in soft_limit_violations(event)]


def test_soft_limit_of_bytes_in_a_text() -> None:
    event = minimal(TOOL_INVOKED)
    assert limits({**event, "summary_normal": "x" * 16384}) == []
    assert limits({**event, "summary_normal": "é" * 8192}) == []
    assert limits({**event, "summary_normal": "é" * 8193}) == [
        ("/summary_normal", "The text takes 16386 bytes")
    ]


def test_soft_limit_of_bytes_in_an_event() -> None:
    event = minimal(CONFIRMATION)
    room = 65536 - len(json.dumps({**event, "extra_context": {"a": ""}}, separators=(",", ":")))
    texts = {"a": ["x" * 16000] * 4}
    used = len(json.dumps(texts["a"], separators=(",", ":"))) - 2
    fitting = [*texts["a"], "x" * (room - used - 3)]
    assert limits({**event, "extra_context": {"a": fitting}}) == []
    fitting[-1] += "x"
    assert limits({**event, "extra_context": {"a": fitting}}) == [("", "It takes 65537 bytes")]


def test_soft_limit_of_fields_counts_prefixes_inside_extensions() -> None:
    event = full(EXTENSION_TYPE)
    assert len(event) == 14
    own = {f"own{n}": 1 for n in range(17)}
    assert limits({**event, **own}) == []
    found = soft_limit_violations({**event, **own, "extensions": {"chess": {}, "go": {}}})
    assert [violation.path for violation in found] == [""]
    assert "33 top-level fields" in found[0].message


def test_soft_limit_of_depth() -> None:
    event = minimal(CONFIRMATION)
    assert limits({**event, "extra_context": {"a": nested(6)}}) == []
    deeper = limits({**event, "extra_context": {"a": nested(7)}})
    assert deeper == [("/extra_context/a/0/0/0/0/0/0", "It is nested deeper than 8 levels.")]


@pytest.mark.parametrize("value", [*NOT_OBJECTS, *NOT_JSON[:8], {"a": {1}}], ids=kind_of)
def test_soft_limits_say_nothing_of_what_is_no_event(value: object) -> None:
    assert soft_limit_violations(value) == []


def test_schemas_are_compiled_once_however_many_threads_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []

    class Counted(checks._Engine):
        def __init__(self) -> None:
            made.append(1)
            super().__init__()

    monkeypatch.setattr(checks, "_Engine", Counted)
    monkeypatch.setattr(checks, "_engine", None)
    start = threading.Barrier(8)
    answers: list[bool] = []

    def ask() -> None:
        start.wait()
        answers.append(is_valid_event(full(TOOL_INVOKED)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 8
    assert made == [1]


def test_an_installed_package_reads_the_schemas_it_carries(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkout = Path(schemas.__file__).parents[2] / "schemas"
    shutil.copytree(checkout, tmp_path / "schemas")
    (tmp_path / "schemas" / "envelope.schema.json").write_text("{", encoding="utf-8")
    (tmp_path / "schemas" / "extension.schema.json").write_text("[]", encoding="utf-8")
    schemas._folder.cache_clear()
    monkeypatch.setattr(schemas, "files", lambda package: tmp_path)
    try:
        assert schema_text("envelope") == "{"
        with pytest.raises(InternalError, match="not JSON"):
            schemas.schema_document("envelope")
        with pytest.raises(InternalError, match="not a JSON object"):
            schemas.schema_document("extension")
    finally:
        schemas._folder.cache_clear()


def test_every_schema_can_be_read_as_text() -> None:
    for name in schema_names():
        assert json.loads(schema_text(name))["$id"].endswith(name.replace("/", ":"))
