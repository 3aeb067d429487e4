"""From responses to scores that can be defended: estimates, uncertainty, ranks."""
