"""Runs every test below this folder, and reports on standard output."""

import sys
import unittest

runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2)
unittest.main(module=None, argv=[sys.argv[0], "discover", *sys.argv[1:]], testRunner=runner)
