"""The response-time study: does answering faster go with happier customers, by how much, and what follows."""
