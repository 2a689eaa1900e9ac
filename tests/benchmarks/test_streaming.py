"""The comparison of `make bench` on a tiny scale: whether it measures and says everything, never how fast."""

import sys

import pytest

from benchmarks import peers, streaming
from benchmarks.peers import Peer, PeerMissingError
from benchmarks.streaming import Cost, Row, expectations, table
from benchmarks.streaming_workload import pieces

OWN = (streaming.NO_OP, streaming.OURS, streaming.OURS_FIVE)


def row(over: float) -> Row:
    return Row({way: Cost([over], [10.0], 3) for way in streaming.WAYS})


def test_our_own_handlers_are_measured_and_every_figure_is_in_the_table() -> None:
    rows = streaming.measure(OWN, tokens=40, rounds=1)

    assert [measured.missing for measured in rows.values()] == ["", "", ""]
    for way in streaming.WAYS:
        assert all(
            measured.costs[way].over and measured.costs[way].bare for measured in rows.values()
        )
        assert rows[streaming.NO_OP].costs[way].produced == 0
        # Five listeners hear each token, and whatever the one hears.
        assert rows[streaming.OURS_FIVE].costs[way].produced > 40
        assert 5 < rows[streaming.OURS].costs[way].produced < 40
    text = "\n".join(table(rows))
    assert text.count("us a token over a bare run") == 2
    assert all(text.count(f"  {handler} ") == 2 for handler in OWN)
    assert text.count("not measured") == 3  # The expectations, without the peers.


def test_a_peer_that_cannot_be_installed_says_why_and_fails_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(peer: Peer) -> None:
        raise PeerMissingError(f"no {peer.package} here")

    monkeypatch.setattr(streaming, "interpreter", refuse)

    rows = streaming.measure((streaming.PRODUCER,), tokens=10, rounds=1)

    assert "not measured: no aaep-langchain-producer here" in "\n".join(table(rows))


def test_a_command_that_fails_is_told_by_its_last_error() -> None:
    script = "import sys; sys.exit('ERROR: no such package')"
    with pytest.raises(PeerMissingError, match="ERROR: no such package"):
        peers._run([sys.executable, "-c", script])


@pytest.mark.parametrize(
    ("mine", "verdicts"), [(5.0, ["PASS", "PASS", "PASS"]), (7.0, ["MISS", "MISS", "PASS"])]
)
def test_expectations_are_judged(mine: float, verdicts: list[str]) -> None:
    rows = {
        streaming.OURS: row(mine),
        streaming.OPENINFERENCE: row(48.0),
        streaming.PRODUCER: row(48.0),
    }

    assert [line.split()[0] for line in expectations(rows)] == verdicts


def test_the_workload_is_as_long_as_it_says_and_always_the_same() -> None:
    assert len(pieces(500)) == 500
    assert pieces(500) == pieces(500)
    assert all(1 <= len(piece) <= 8 for piece in pieces(500))
