"""Holder and verifier: keystore, box of credentials, presenting, collecting evidence, verifying."""
