"""`python -m podd.cli` is `podctl`."""

from podd.cli.main import main

raise SystemExit(main())
