"""Frameworks that publish by themselves: one module each, imported by whoever uses that framework.

`run` holds what they share. None of them is imported by the rest of the package.
"""
