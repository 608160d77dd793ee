"""The command line: one file per command. Heavy modules are imported inside the functions that need them."""
