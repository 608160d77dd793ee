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
    cell_output in nodes  # the node whose value before its activation is c_t
    cell_inject in nodes  # the node into which c_{t-1} is injected
  }
}

stack 1  # the paper stacks two; one is enough to rank cells in a short training
share embedding
hidden for 200k params  # 84 units with a vocabulary of 1,000

output language_model

# Without dropout, as here, a short training mainly tests how fast a cell learns. With `dropout 0.2` all perplexities
# are lower and the ranking of cells changes: plain ones gain most.
search { trials 48 }
training {
  epochs 6
  batch 20
  optimiser adam
  learning_rate 0.01
  weight_decay 0
  clip 1
}
