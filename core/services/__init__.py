"""How operations are carried out: one transaction each, load, decide, store."""
