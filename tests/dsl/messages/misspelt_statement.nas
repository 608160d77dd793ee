space cnn
layres 4
layer {
  conv { size 3  filters in {24, 36} }
}
