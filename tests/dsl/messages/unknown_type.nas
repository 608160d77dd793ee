space cnn
layers 4
layer {
  one of {
    conv { size 3  filters in {24, 36} }
    pool { size 2 }
    droput { rate 0.5 }
    dropout { rate 1.5 }
  }
}
