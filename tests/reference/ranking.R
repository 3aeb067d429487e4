# Reference numbers for moderated variances, detectable differences and false discovery rates.
# Run from this folder: Rscript ranking.R   (Debian packages r-base-core, r-bioc-limma, r-cran-jsonlite)
suppressMessages({library(limma); library(jsonlite)})

cases <- list(
  equal_df = list(variance = c(120.5, 98.2, 310.7, 45.1, 201.3, 150.9, 88.8, 402.6, 60.4, 175.0),
                  df = rep(19, 10)),
  unequal_df = list(variance = c(120.5, 98.2, 910.7, 15.1, 201.3, 150.9, 588.8, 402.6, 30.4, 175.0, 5.5, 260.1),
                    df = c(19, 24, 20, 31, 19, 22, 9, 4, 19, 50, 3, 27)),
  heavy = list(variance = c(0.2, 4000, 13, 0.9, 77, 260, 1500), df = c(5, 6, 7, 8, 9, 10, 11)),
  no_excess = list(variance = c(99, 101, 100, 102, 98, 100.5), df = rep(12, 6)),
  one_zero = list(variance = c(120.5, 0, 310.7, 45.1, 201.3, 150.9), df = c(19, 19, 21, 22, 19, 19))
)
moderated <- lapply(cases, function(case) {
  fit <- suppressWarnings(squeezeVar(case$variance, case$df))
  list(variance = case$variance, df = case$df,
       prior_df = if (is.infinite(fit$df.prior)) "Inf" else fit$df.prior,
       prior_variance = fit$var.prior, moderated = fit$var.post)
})

inverse <- c(1e-5, 0.01, 0.3, 1, 2.5, 40, 1e4)

detectable <- lapply(list(c(15, 20, 0.8, 0.95), c(18.5, 35, 0.9, 0.95), c(12, 8, 0.8, 0.9)), function(v) {
  df <- 2 * (v[2] - 1)
  list(sd = v[1], n = v[2], power = v[3], level = v[4],
       difference = (qt((1 + v[4]) / 2, df) + qt(v[3], df)) * v[1] * sqrt(2 / v[2]))
})

deviation <- c(6.1, -4.4, 0.3, 2.9, -7.7, 3.8, -0.4, 2.1, -3.1, 4.9)
std_error <- c(2.0, 1.9, 2.2, 1.5, 2.4, 1.6, 1.8, 2.0, 1.4, 1.7)
df <- c(25, 30, 22, 41, 25, 60, 33, 28, 25, 25)
p <- 2 * pt(-abs(deviation / std_error), df)

write_json(list(
  versions = list(R = R.version.string, limma = as.character(packageVersion("limma"))),
  moderated = moderated,
  inverse_trigamma = list(x = inverse, y = trigammaInverse(inverse)),
  detectable = detectable,
  fdr = list(deviation = deviation, std_error = std_error, df = df, adjusted = p.adjust(p, "BH"))
), "ranking.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
