"""The issuer's role: rosters in, credentials sealed, anchored and handed out."""
