"""The command line as scripts and people use it: real processes."""
