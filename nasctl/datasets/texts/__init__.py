"""Texts whose next token a network predicts, and the text tokens of all texts."""
