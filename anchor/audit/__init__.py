"""The auditor: replay every event of a ledger, read the published logs, and say what does not hold.

From the inside out: `replay` and the `rules_…` modules are pure (events in, state and findings out);
`collecting` and `comparing` ask one chain; `published` reads one log; `promises` judges signed
checkpoints; `auditing` runs them in order; `report` and `report_text` write down what was found.
"""
