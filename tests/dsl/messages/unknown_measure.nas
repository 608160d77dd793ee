space cnn
layers 4
layer { conv { size in {3, 5}  filters 24 } }
require parms <= 5M
