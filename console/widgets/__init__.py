"""The widgets that every screen is made of: one table, one chart, one form pattern, and the dialogs."""
