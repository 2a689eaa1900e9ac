"""The records of runs: made and dropped in one place, and nothing is left (known failures 5, 10, 13)."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import pytest

from aaep_helpers.clock import ManualClock
from aaep_helpers.events import PLAIN_OUTPUT
from aaep_langchain import runs
from aaep_langchain.runs import RootRun, RunBook, Speech


@pytest.fixture
def book() -> RunBook:
    return RunBook(ManualClock(), 3600)


def plant(book: RunBook, thread_id: str | None = None) -> RootRun:
    """A tree of one root."""
    run_id = uuid4()
    root = RootRun(run_id, f"sess_{run_id.hex}", thread_id)
    book.add_root(root, "chain")
    return root


def test_a_tree_is_known_until_it_is_dropped(book: RunBook) -> None:
    root = plant(book)
    child, grandchild = uuid4(), uuid4()
    book.add_child(child, root.run_id, "tool")
    book.add_child(grandchild, child, "model")
    assert len(book) == 3
    for run_id in (root.run_id, child, grandchild):
        run = book.get(run_id)
        assert run is not None
        assert run.root is root
    book.drop(root)
    assert len(book) == 0
    assert book.get(root.run_id) is None


def test_known_failure_17_what_runs_below_a_tool_is_inside_it(book: RunBook) -> None:
    root = plant(book)
    inside: dict[str, bool] = {}
    parent: UUID = root.run_id
    for kind in ("chain", "tool", "chain", "model"):
        run = book.add_child(uuid4(), parent, kind)
        assert run is not None
        inside.setdefault(kind if not run.inside_tool else f"{kind} inside", run.inside_tool)
        parent = run.run_id
    assert inside == {"chain": False, "tool": False, "chain inside": True, "model inside": True}


def test_a_root_is_a_run_without_a_parent_we_know(book: RunBook) -> None:
    root = plant(book)
    assert book.is_new_root(uuid4(), None)
    assert book.is_new_root(uuid4(), uuid4())
    assert not book.is_new_root(uuid4(), root.run_id)
    assert not book.is_new_root(root.run_id, None)


def test_known_failure_05_late_runs_of_a_tree_that_is_over_begin_nothing(book: RunBook) -> None:
    root = plant(book)
    tool = uuid4()
    book.add_child(tool, root.run_id, "tool")
    book.drop(root)
    late: UUID = tool
    for _ in range(3):
        # However deep: each is the child of the one before.
        run_id = uuid4()
        assert not book.is_new_root(run_id, late)
        assert book.add_child(run_id, late, "chain") is None
        assert book.end(run_id) is None
        late = run_id
    assert len(book) == 0


def test_a_root_that_could_not_start_begins_nothing_below_it(book: RunBook) -> None:
    run_id, child = uuid4(), uuid4()
    book.refuse(run_id)
    assert not book.is_new_root(run_id, None)
    assert not book.is_new_root(child, run_id)
    assert book.add_child(child, run_id, "tool") is None


def test_known_failure_13_a_run_ends_once(book: RunBook) -> None:
    root = plant(book)
    assert book.end(root.run_id) is book.get(root.run_id)
    assert book.end(root.run_id) is None
    assert book.end(uuid4()) is None


def test_known_failure_10_a_start_that_comes_twice_is_one_run(book: RunBook) -> None:
    root = plant(book)
    child = uuid4()
    first = book.add_child(child, root.run_id, "model")
    assert book.add_child(child, root.run_id, "model") is None
    assert book.get(child) is first
    assert len(book) == 2


@pytest.mark.parametrize("times", [1, 2, 3])
def test_known_failure_10_of_callbacks_that_come_n_times_one_counts(
    book: RunBook, times: int
) -> None:
    root = plant(book)
    for _ in range(times - 1):
        book.add_child(root.run_id, None, "chain")
    heard = [book.get_once(root.run_id) is not None for _ in range(times * 4)]
    assert heard == [index % times == 0 for index in range(times * 4)]
    assert book.get_once(uuid4()) is None


def test_a_paused_tree_is_taken_up_once(book: RunBook) -> None:
    root = plant(book, "thread")
    book.pause(root)
    assert len(book) == 1
    assert book.take_paused("other") is None
    assert book.take_paused(None) is None
    assert book.take_paused("thread") is root
    assert book.take_paused("thread") is None
    assert len(book) == 0


def test_of_two_trees_that_pause_on_one_thread_the_last_is_kept_and_the_first_handed_back(
    book: RunBook,
) -> None:
    first, second = plant(book, "thread"), plant(book, "thread")
    assert book.pause(first) is None
    assert book.pause(second) is first
    assert len(book) == 1
    assert book.take_paused("thread") is second


def test_a_paused_tree_without_a_thread_is_not_kept(book: RunBook) -> None:
    book.pause(plant(book))
    assert len(book) == 0


def test_what_is_remembered_of_the_past_is_bounded(
    book: RunBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_REMEMBERED", 10)
    first = plant(book)
    book.drop(first)
    for _ in range(10):
        book.drop(plant(book))
    assert book.is_new_root(uuid4(), first.run_id)
    assert len(book) == 0


def test_known_failure_31_trees_grow_and_go_on_many_threads_at_once(book: RunBook) -> None:
    together = threading.Barrier(8)

    def grow() -> None:
        together.wait()
        for _ in range(100):
            root = plant(book)
            for _ in range(3):
                book.add_child(uuid4(), root.run_id, "model")
            book.drop(root)

    threads = [threading.Thread(target=grow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book) == 0


def test_each_speech_is_an_output_of_its_own() -> None:
    assert Speech(PLAIN_OUTPUT).output_id != Speech(PLAIN_OUTPUT).output_id
