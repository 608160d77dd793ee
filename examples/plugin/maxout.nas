# Maxout networks: how wide each layer is, and of how many pieces each unit is made.
space maxout

layers 2
units  in {16, 32, 64}
pieces in {2, 3, 4}
