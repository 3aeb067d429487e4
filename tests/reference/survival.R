# Reference numbers for satsurvey.service.survival. Run in this folder: Rscript survival.R
library(survival)
library(jsonlite)

known <- function(x) ifelse(is.finite(x), x, NA)   # JSON has neither NaN nor infinity
curve <- function(d, level = 0.95) {
  f <- survfit(Surv(time, event) ~ 1, data = d, conf.type = "log-log", conf.int = level, timefix = FALSE)
  q <- quantile(f, c(0.1, 0.25, 0.5, 0.75, 0.9))
  last <- max(d$time)
  times <- c(0, 20, 60, 180, 300, 600)
  times <- times[times <= last]
  s <- summary(f, times = times)
  list(
    level = level, time = f$time, n_at_risk = f$n.risk, n_events = f$n.event, n_censored = f$n.censor,
    survival = f$surv, std_error = known(f$surv * f$std.err), ci_low = known(f$lower), ci_high = known(f$upper),
    q = c(0.1, 0.25, 0.5, 0.75, 0.9), q_time = known(unname(q$quantile)), q_low = known(unname(q$lower)),
    q_high = known(unname(q$upper)),
    at = times, at_survival = s$surv, at_low = known(s$lower), at_high = known(s$upper)
  )
}
data <- read.csv("survival_waits.csv")
cases <- split(data, data$case)
found <- lapply(cases, curve)
found$heavy_90 <- curve(cases$heavy, level = 0.9)
write_json(list(versions = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
                curves = found),
           "survival.json", digits = I(15), auto_unbox = TRUE, na = "null", pretty = FALSE)
