# The control experiment of section 4.2: the cells of rnn.nas with one more combination and one more activation.
space rnn

let combinations = {add, elem_mult, max}
let activations = {identity, tanh, sigmoid, relu, sin}

input text

cell tree {
  base 8
  combine    in combinations
  activation in activations
  inject {
    combine    in combinations
    activation in activations
  }
  indices {
    cell_output in nodes
    cell_inject in nodes
  }
}

stack 1  # the paper stacks two; one is enough to rank cells in a short training
share embedding
hidden for 200k params  # 84 units with a vocabulary of 1,000

output language_model

search { trials 48 }
training {
  epochs 6
  batch 20
  optimiser adam
  learning_rate 0.01
  weight_decay 0
  clip 1
}
