"""What several commands use: the parser, groups of options, and printing."""
