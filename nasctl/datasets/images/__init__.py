"""Image files: folders and tables of them, decoded once and brought to one size."""
