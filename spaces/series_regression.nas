# Recurrent cells that predict one or several numbers from a time series.
space rnn

include "series.nas"

output regression
