"""The points, audience and rules engine of Stagedoor, and everything around it but the screens."""

__version__ = "0.1.0"
