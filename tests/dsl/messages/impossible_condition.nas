space choices
optimizer in {sgd, adam}
if optimizer == sdg { momentum in {0, 0.9} }
if optimiser in {adam} { beta in {0.9, 0.99} }
