"""The rules, by subject. Each module holds small pure functions; the table is conformance.rules."""
