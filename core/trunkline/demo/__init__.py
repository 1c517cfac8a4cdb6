"""The sample operator that `trunkline demo` shows: Conecta Sul, a regional carrier in southern Brazil.

Everything is made by the operations that staff use, from one seed, with the system's clock moved to the past.
"""
