"""Compiled contracts, committed; `scripts/compile_contracts.py` writes them and a test proves them fresh."""
