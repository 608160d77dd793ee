space cnn
layers 4
layer { conv { size in {3, 5}  filters 24 } }
search { trails 24 }
training { epochs many }
