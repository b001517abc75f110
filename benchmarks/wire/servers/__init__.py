"""Servers to compare, each a program that listens on the loopback interface until it is terminated."""
