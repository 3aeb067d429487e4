"""What was answered: from files as they come to decoded responses, with every row accounted for."""
