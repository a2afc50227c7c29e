"""Handing out: mail, one-time claim links, and the ledger that says what became of every row of every list."""
