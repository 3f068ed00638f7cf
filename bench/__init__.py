"""How fast sessions are opened and questions taken, beside the bare SQL of the same work. See README.md."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the product has it, and before anything imports numpy
