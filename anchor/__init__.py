"""The chain as Rootseal uses it: contract calls, sending, reading with finality, and a development chain."""
