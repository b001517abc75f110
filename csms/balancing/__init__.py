"""The load balancer: pure functions of a snapshot and the time. No I/O, no clock, no logging."""
