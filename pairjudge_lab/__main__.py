import sys

from pairjudge_lab.cli import main

sys.exit(main())
