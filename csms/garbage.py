"""How seldom Python looks for garbage in a process that decides."""

import gc


def look_seldom() -> None:
    """Once everything is loaded: look for garbage among what was made since, and among all of it ten times less often.

    A decision makes no cycles, so all of its garbage goes by itself. But it makes so many objects that at 10,000
    connectors about every one had Python walk through all of the memory once: a fifth to a quarter of its time.
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, 100)
