"""One call, two transports: in this process, or over HTTP to a server that does the same."""
