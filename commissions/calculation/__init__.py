"""Pure stages: facts in, line drafts with reasons out."""
