"""Adds this folder to `sys.path`, so that the tests in subfolders can import `toy_spaces`."""
