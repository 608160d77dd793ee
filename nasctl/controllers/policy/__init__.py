"""The LSTM policy: the space compiled to steps of the network, the network, sampling, and scoring of given strings."""
