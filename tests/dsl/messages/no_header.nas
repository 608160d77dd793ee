# My space.
layers 4
