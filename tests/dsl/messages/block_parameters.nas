space cnn
block unit(width, size = 3) {
  conv { size size  filters width }
  relu
}
layers 2
layer { unit { widht in {8, 16} } }
layer tail { unit }
