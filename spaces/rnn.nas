# Recurrent cells: section 3.4 of Zoph & Le, "Neural Architecture Search with Reinforcement Learning", ICLR 2017.
space rnn

input text

cell tree {
  base 8
  combine    in {add, elem_mult}
  activation in {identity, tanh, sigmoid, relu}
  inject {
    combine    in {add, elem_mult}
    activation in {identity, tanh, sigmoid, relu}
  }
  indices {
    cell_output in nodes  # the node that gives c_t, before its activation
    cell_inject in nodes  # the node into which c_{t-1} is injected
  }
}

stack 2
share embedding
hidden for 200k params  # 64 units with a vocabulary of 1,000

output language_model

search { trials 36 }
training {
  epochs 8
  batch 20
  optimiser adam
  learning_rate 0.01
  weight_decay 0
  clip 1
}
