space cnn
layers 4
layer {
  conv {
    size    3
    filters in {24, 36}
  relu
  skip anchors
}
output classifier
