"""Trains a network that locates radio emitters from arrival times and knows how sure it is."""
