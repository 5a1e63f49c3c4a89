"""The sub-commands, one a file, each with `command`; `console.command` loads the one that is named."""
