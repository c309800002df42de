"""`python -m steersman`."""

import sys

from steersman.cli.main import main

sys.exit(main())
