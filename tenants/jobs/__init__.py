"""Long work as rows: the outbox that a worker carries out."""
