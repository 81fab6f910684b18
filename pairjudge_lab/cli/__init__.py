"""The lab's commands from a shell. Bad input is one line on standard error and exit code 2.

Every module of this folder is one command, named as the module is. It has ``HELP`` (one line),
``add_options(parser)`` and ``run(args)``; what several commands use is in ``shared``. A new command
is a new file here and nothing else. A command imports what it needs when it runs, so that
``--help`` stays fast.
"""

from pairjudge_lab.cli.shared.main import build_parser, main

__all__ = ["build_parser", "main"]
