"""Other people's systems, each behind one function: train on one data set, give probabilities for another."""
