"""The sandbox's endpoints, one module for each contract and one each for media and control."""
