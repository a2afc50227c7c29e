"""What every route of the writing interface stands on: who asks, what he sends, and that it is done once."""
