"""Our division and our decisions beside a linear program: the parts of `benchmarks.allocation`."""
