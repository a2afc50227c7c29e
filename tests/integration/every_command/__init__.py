"""The steps of `test_json_outputs.py`, in which every command is run with `--json`."""

import pytest

# So that a step that fails is told as fully as a test.
_STEPS = ("story", "issuing", "holding", "verifying", "keeping", "governing", "pages")
pytest.register_assert_rewrite(*(f"{__name__}.{step}" for step in _STEPS))
