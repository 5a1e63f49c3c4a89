"""What can be asked of Stagedoor: each operation once, with its request, answer, permission and HTTP route."""
