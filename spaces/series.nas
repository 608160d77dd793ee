# Recurrent cells that classify time series: the cells of rnn.nas with half as many leaves, for small data sets.
space rnn

input series

cell tree {
  base 4
  combine    in {add, elem_mult}
  activation in {identity, tanh, sigmoid, relu}
  inject {
    combine    in {add, elem_mult}
    activation in {identity, tanh, sigmoid, relu}
  }
  indices {
    cell_output in nodes
    cell_inject in nodes
  }
}

stack 1
hidden for 20k params  # about 50 units
dropout 0.1

output classifier

search { trials 24 }
training {
  epochs 60
  batch 16
  optimiser adam
  learning_rate 0.01
  weight_decay 0
  clip 1
}
