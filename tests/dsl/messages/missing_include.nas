space cnn
include "wdiths.nas"
layers 4
layer { conv { size in {3, 5}  filters 24 } }
