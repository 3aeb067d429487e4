# Reference numbers for satsurvey.service.group_statistics. Run in this folder: Rscript group_statistics.R
suppressMessages(library(survey))
library(jsonlite)

d <- subset(read.csv("survival_waits.csv"), case == "heavy")
design <- svydesign(ids = ~agent, weights = ~1, data = d)
m <- svymean(~time, design)
r <- svyratio(~time, ~replies, design)
df <- degf(design)
plain <- t.test(d$time)
# The interval [X(l), X(u)] of a quantile q: P(B < l) <= a/2 and P(B >= u) <= a/2, B ~ binomial(n, q).
ranks <- function(n, q, level) {
  a <- (1 - level) / 2
  l <- qbinom(a, n, q)                   # smallest k with P(B <= k) >= a
  if (pbinom(l, n, q) <= a) l <- l + 1   # P(B <= k) = a belongs to the tail
  u <- qbinom(1 - a, n, q) + 1           # P(B <= u - 1) >= 1 - a
  c(n = n, q = q, level = level, low = l, high = u)
}
grid <- expand.grid(n = c(1, 2, 5, 6, 7, 10, 20, 31, 100, 1000, 250000), q = c(0.1, 0.5, 0.9), level = c(0.9, 0.95, 0.99))
write_json(list(
  versions = list(R = R.version.string, survey = as.character(packageVersion("survey"))),
  mean = list(value = unname(coef(m)), std_error = unname(SE(m)[1]), df = df,
              ci = as.numeric(confint(m, df = df))),
  ratio = list(value = unname(coef(r)), std_error = unname(as.numeric(SE(r))), ci = as.numeric(confint(r, df = df))),
  t = list(value = unname(plain$estimate), ci = as.numeric(plain$conf.int)),
  quantiles = as.numeric(quantile(d$time, c(0.1, 0.5, 0.9), type = 7)),
  ranks = as.data.frame(t(mapply(ranks, grid$n, grid$q, grid$level)))
), "group_statistics.json", digits = I(15), auto_unbox = TRUE)
