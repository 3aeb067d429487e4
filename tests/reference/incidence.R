# Numbers for tests/service/test_incidence.py: the share answered by a time where some customers give up and of
# some the end is not seen, by survfit with competing ends (Aalen and Johansen).
#
#   Rscript tests/reference/incidence.R
#
# writes incidence_waits.csv (what was watched) and incidence.json (the numbers).
suppressPackageStartupMessages(library(survival))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
set.seed(11)
make <- function(n, rate_answer, rate_gone, rate_end, digits) {
  times <- cbind(rexp(n, rate_end), rexp(n, rate_answer), rexp(n, rate_gone))
  state <- max.col(-times) - 1
  data.frame(time = round(apply(times, 1, min), digits), state = state)
}
cases <- list(light = make(60, 1 / 40, 1 / 90, 1 / 400, 1), heavy = make(80, 1 / 60, 1 / 50, 1 / 30, 0),
              ties = make(200, 1 / 8, 1 / 8, 1 / 8, 0), complete = make(50, 1 / 30, 1 / 30, 1e-9, 0))
at <- c(0, 1, 5, 15, 30)
result <- lapply(cases, function(rows) {
  fit <- survfit(Surv(time, factor(state, 0:2, c("censored", "answered", "gone"))) ~ 1, rows)
  found <- summary(fit, times = at, extend = TRUE)
  list(at = at, answered = found$pstate[, fit$states == "answered"])
})
written <- do.call(rbind, Map(function(name, rows) cbind(case = name, rows), names(cases), cases))
write.csv(written, file.path(here, "incidence_waits.csv"), row.names = FALSE, quote = FALSE)
cat(jsonlite::toJSON(list(survival = as.character(packageVersion("survival")), R = R.version.string,
                          cases = result), digits = NA, auto_unbox = TRUE),
    file = file.path(here, "incidence.json"))
