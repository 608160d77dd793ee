"""Time series and documents with labels."""
