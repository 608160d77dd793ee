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

stack 2
hidden for 400k params

output language_model
