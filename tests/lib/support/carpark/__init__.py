"""A car park drawn from a seed: the shipped application and the bundled simulators on virtual time, and who watches.

`scenario` says what there is and what happens, `draw_site` and `draw_life` draw it, `world` runs it. `observer` adds up
what the chargers' own profile stores permit; it shares no code with csms and knows nothing of its ledger.
"""
