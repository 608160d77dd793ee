# The search of Zoph & Le 2017, section 4.1, at its full length: networks grow from 6 to 20 layers.
space cnn

include "cnn.nas"

layers 6..20 step 2 every 1600 samples

search { trials 12800 }
controller { preset paper }
training { epochs 50 }
