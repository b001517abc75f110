"""A small world, searched exhaustively: three chargers, the shipped ledger, and what chargers may truly be doing.

What is abstracted, and why nothing real is lost by it:

- Time. The clock stands still; instead the facts of one connector grow older: all of them settle, in one world in two
  steps, and at any moment its leases may be over. Real time passes for all connectors alike, so every real order of
  settling, retries and ends of leases is among those visited.
- Readings. Where they are told, a car that draws nothing has followed a cut from what it had taken up, and may yet take
  up what it was given lately: both sides keep those apart, each by its own account.
- Decisions. A decision may follow an event at once or after others: a burst of events, or a busy process.
- Identity. Limit ids keep their order per connector, connection ids say only "this connection" or "an earlier one",
  a connector's transactions have one name. Nothing in the code under test looks at more. Failures in a row are counted
  to three in one world, as the allocation does, and not at all in the others; the patience after one may be over at any
  moment. Nobody has a turn: who came first is served first.
- Symmetry. The chargers are alike and decisions prefer who came first, so only the order of arrival is kept, and worlds
  that differ in the names of chargers alone are one (tests/exhaustive checks that on a sample).
- Messages. A charger reads its messages in the order in which they were sent, so one that was acknowledged overrules
  those before it on that connection. One without an answer is possible until then: lost, applied, or applied late is
  all the same. What an earlier connection left is possible until its transaction ends: a charger may apply it late.
- Together. Three whole lives side by side would be some 10^13 states. `alone` therefore searches one charger's life
  moment by moment, under every limit that any decision could send at any time, and checks the ledger (I2, I4, I5) in
  each; `together` then visits every state of three, where moments that decisions cannot tell apart, and in which a
  charger may draw the same, are one kind; it checks I1 in every way from one to another. What may come of a kind is
  what may come of any moment of it, so nothing real is left out. Nothing but an outside event or a limit that it was
  told makes a charger draw more: that is checked in every moment of its life, so only decisions remain to be looked at.
- Bounds. One call per connector in flight, one without an answer; two reports kept while offline (one or none in some
  worlds, see `worlds`); one settling time, one value of a share beside 0.
"""
