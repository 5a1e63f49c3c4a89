"""The services behind HTTP."""
