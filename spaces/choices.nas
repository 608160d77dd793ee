# Decisions without a network. Score them with a function of your own:
#   nasctl search spaces/choices.nas --evaluator my_module:score
space choices

batch in 16..256 step *2
rate  in 0.0001..0.1 log 7

optimizer one of {
  sgd { momentum in {0, 0.9, 0.99} }
  adam
}

unit repeat 3 {
  width      in {32, 64, 128}
  activation in {relu, tanh}
  if activation == tanh {
    scale in {1, 2}
  }
}
