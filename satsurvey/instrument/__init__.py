"""What was asked: instruments as data."""
