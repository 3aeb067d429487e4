# Reference numbers for satsurvey.scoring.weights. Run in this folder: Rscript weights.R
library(jsonlite)

reciprocal <- function(size, upper) {
  a <- diag(size)
  a[lower.tri(a)] <- 1 / upper         # filled by columns: (2,1), (3,1), ... as the upper triangle by rows
  a[upper.tri(a)] <- t(1 / a)[upper.tri(a)]
  a
}
random_index <- c(0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
judge <- function(a) {
  found <- eigen(a)
  top <- which.max(Re(found$values))
  vector <- abs(Re(found$vectors[, top]))
  n <- nrow(a)
  index <- (Re(found$values[top]) - n) / (n - 1)
  list(matrix = a, weights = vector / sum(vector), ratio = index / random_index[n])
}
cases <- list(
  four = reciprocal(4, c(2, 3, 7, 2, 5, 3)),
  six = reciprocal(6, c(1, 2, 3, 5, 4, 2, 4, 5, 3, 1, 3, 2, 2, 2, 0.5)),
  contradicting = reciprocal(4, c(5, 1 / 5, 3, 4, 1 / 7, 6))
)
write_json(list(versions = list(R = R.version.string), ahp = lapply(cases, judge)), "weights.json",
           digits = NA, auto_unbox = TRUE, pretty = TRUE)
