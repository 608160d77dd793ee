# Cells of NAS-Bench-201 (Dong & Yang 2020): 4 nodes, 6 edges, 5 operations, 15,625 cells.
space cell

input image
filters 16

cell {
  nodes 4
  edges in {none, skip_connect, conv_1x1, conv_3x3, avg_pool_3x3}
}

stages 3
repeat 5

output classifier
