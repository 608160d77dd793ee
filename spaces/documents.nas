# Recurrent cells that classify documents: the cells of series.nas with an embedding of words or characters.
space rnn

include "series.nas"

input text
hidden for 100k params

training {
  epochs 10
  batch 32
  optimiser adam
  learning_rate 0.005
  weight_decay 0
  clip 1
}
