"""`make bench`: every measurement, one after the other, each with its ratios from one run."""

from __future__ import annotations

from benchmarks import emission, redaction, segmentation, streaming


def main() -> None:
    for title, measurement in (
        ("Streaming", streaming.main),
        ("Emission", emission.main),
        ("Segmentation", segmentation.main),
        ("Redaction", redaction.main),
    ):
        print(f"\n{title}\n{'=' * len(title)}")
        measurement()


if __name__ == "__main__":
    main()
