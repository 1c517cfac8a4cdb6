"""Adding a customer step by step: who, contacts, site, and what plugins ask further; overview, and all of it in one transaction.

What is filled in is kept on the server for whoever fills it in, so that going back and forth or leaving loses nothing. The short
form asks the least of the same steps on one page.
"""
