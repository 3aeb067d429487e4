# Reference numbers for satsurvey.regression. Run in this folder: Rscript models.R
# What each number is, and the call that makes it, stands in README.md.
suppressPackageStartupMessages({
  library(sandwich); library(clubSandwich); library(survey); library(lme4); library(MASS); library(ordinal)
  library(quantreg); library(AER); library(splines); library(car); library(jsonlite)
})
packages <- c("sandwich", "clubSandwich", "survey", "lme4", "MASS", "ordinal", "quantreg", "AER", "splines", "car")
result <- list(versions = c(list(R = R.version.string),
                            sapply(packages, function(p) as.character(packageVersion(p)), simplify = FALSE)))

data <- read.csv("contacts.csv")
data$minutes <- data$seconds / 60
data$log_seconds <- log1p(data$seconds)
few <- data[data$company < 8, ]
named <- function(x) as.list(setNames(as.numeric(x), names(x)))
errors <- function(v) named(sqrt(diag(v)))
cr1 <- function(model, cluster) vcovCL(model, cluster = cluster, type = "HC1", cadjust = TRUE)

## Least squares with clustered errors
ols <- function(rows, formula) {
  model <- lm(formula, rows)
  second <- coef_test(model, vcovCR(model, rows$company, "CR2"), test = "Satterthwaite")
  list(values = named(coef(model)), cr1 = errors(cr1(model, rows$company)),
       cr2 = named(setNames(second$SE, rownames(second))), cr2_df = named(setNames(second$df_Satt, rownames(second))),
       aic = AIC(model), r_squared = summary(model)$r.squared)
}
result$ols <- list(all = ols(data, score ~ minutes + chat), few = ols(few, score ~ minutes + chat))

## Weighted rows
model <- lm(score ~ minutes + chat, data, weights = weight)
design <- svydesign(ids = ~company, weights = ~weight, data = data)
survey_model <- svyglm(score ~ minutes + chat, design)
result$weighted <- list(values = named(coef(model)), cr1 = errors(cr1(model, data$company)),
                        svyglm = errors(vcov(survey_model)))
# The rows multiplied by the root of their weights: errors of variances inverse to the weights become equal.
root <- sqrt(few$weight)
turned <- data.frame(score = few$score * root, one = root, minutes = few$minutes * root, chat = few$chat * root)
turned_model <- lm(score ~ 0 + one + minutes + chat, turned)
second <- vcovCR(turned_model, few$company, "CR2")
tested <- coef_test(turned_model, second, test = "Satterthwaite")
terms <- c("(Intercept)", "minutes", "chat")
result$weighted$few <- list(cr2 = named(setNames(tested$SE, terms)), cr2_df = named(setNames(tested$df_Satt, terms)))
ordered_model <- svyolr(factor(answer) ~ minutes + chat, design)
result$weighted$svyolr <- list(values = named(coef(ordered_model)), errors = errors(vcov(ordered_model)))

## Random intercept
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-14, ftol_abs = 1e-14))
mixed <- function(formula, rows) {
  model <- lmer(formula, rows, control = tight)
  list(values = named(fixef(model)), errors = errors(as.matrix(vcov(model))),
       variances = as.data.frame(VarCorr(model))$vcov, criterion = REMLcrit(model))
}
data$between <- ave(data$log_seconds, data$company)
data$within <- data$log_seconds - data$between
result$mixed <- list(plain = mixed(score ~ log_seconds + chat + (1 | company), data),
                     mundlak = mixed(score ~ within + between + chat + (1 | company), data))

## Ordered logit
# clm stops at a relative gradient; a tighter one lets it reach its last digits.
logit <- clm(factor(answer) ~ log_seconds + chat, data = data, control = list(gradTol = 1e-12))
polr_model <- polr(factor(answer) ~ log_seconds + chat, data, Hess = TRUE, control = list(reltol = 1e-16, maxit = 500))
result$ordered <- list(
  values = named(coef(logit)), errors = errors(vcov(logit)), log_likelihood = as.numeric(logLik(logit)),
  polr = named(c(coef(polr_model), polr_model$zeta)),
  clustered = errors(vcovCL(polr_model, data$company, type = "HC0", cadjust = TRUE)))
# The expected score (answer - 1) * 25 for a minute less, chat at its mean, its error by numerical derivatives of clm.
expected <- function(theta, seconds) {
  cuts <- theta[1:4]
  eta <- theta["log_seconds"] * log1p(seconds) + theta["chat"] * mean(data$chat)
  sum(diff(c(0, plogis(cuts - eta), 1)) * c(0, 25, 50, 75, 100))
}
effect <- function(theta, at) expected(theta, max(at - 60, 0)) - expected(theta, at)
slope <- function(at, step = 1e-5) {
  theta <- coef(logit)
  sapply(seq_along(theta), function(k) {
    up <- down <- theta
    up[k] <- up[k] + step; down[k] <- down[k] - step
    (effect(up, at) - effect(down, at)) / (2 * step)
  })
}
result$ordered$less <- lapply(c(30, 120, 600), function(at) {
  d <- slope(at)
  list(at = at, estimate = as.numeric(effect(coef(logit), at)), std_error = sqrt(as.numeric(t(d) %*% vcov(logit) %*% d)))
})
own <- data$seconds
result$ordered$average <- mean(sapply(own, function(at) effect(coef(logit), at)))

## Splines
points <- c(0, 5, 30, 60, 120, 300, 600, 3600)
basis <- ns(data$log_seconds, df = 3)
result$spline <- list(at_s = points, basis = unname(unclass(predict(basis, log1p(points)))[, 1:3]),
                      knots = as.numeric(attr(basis, "knots")), aic = AIC(lm(score ~ basis + chat, data)))
five <- ns(data$log_seconds, df = 5)
result$spline$five <- unname(unclass(predict(five, log1p(points)))[, 1:5])
given <- ns(data$log_seconds, knots = log1p(c(40, 150)), Boundary.knots = log1p(c(10, 900)))
result$spline$given <- unname(unclass(predict(given, log1p(points)))[, 1:3])

## One minute less on the spline: weighted sums of coefficients
minute_less <- function(rows) {
  basis <- ns(rows$log_seconds, df = 3)
  model <- lm(score ~ basis + chat, rows)
  second <- vcovCR(model, rows$company, "CR2")
  sums <- t(sapply(c(30, 120, 600), function(at)
    c(0, predict(basis, log1p(max(at - 60, 0))) - predict(basis, log1p(at)), 0)))
  every <- c(0, colMeans(predict(basis, log1p(pmax(rows$seconds - 60, 0))) - basis), 0)
  sums <- rbind(sums, every)
  rownames(sums) <- c("30", "120", "600", "every")
  found <- linear_contrast(model, second, sums, test = "Satterthwaite")
  list(estimate = as.numeric(sums %*% coef(model)),
       cr1 = sqrt(diag(sums %*% cr1(model, rows$company) %*% t(sums))),
       cr2 = found$SE, cr2_df = found$df)
}
result$less <- list(all = minute_less(data), few = minute_less(few))
log_model <- lm(score ~ log_seconds + chat, data)
row <- cbind(1, log1p(c(20, 200)), mean(data$chat))
result$curve <- list(at_s = c(20, 200), estimate = as.numeric(row %*% coef(log_model)),
                     std_error = sqrt(diag(row %*% cr1(log_model, data$company) %*% t(row))))

## One knot
squares <- function(knot) deviance(lm(score ~ log_seconds + pmax(log_seconds - knot, 0) + chat, data))
ends <- quantile(data$log_seconds, c(.05, .95))
grid <- seq(ends[1], ends[2], length.out = 2001)
profile <- sapply(grid, squares)
best <- which.min(profile)
found <- optimize(squares, grid[c(best - 1, best + 1)], tol = 1e-10)
knot <- found$minimum
change <- coef(lm(score ~ log_seconds + pmax(log_seconds - knot, 0) + chat, data))[3]
data$moved <- -change * (data$log_seconds > knot)
full <- lm(score ~ log_seconds + pmax(log_seconds - knot, 0) + moved + chat, data)
clustered <- cr1(full, data$company)
place <- which(names(coef(full)) == "moved")
ratio <- clustered[place, place] / vcov(full)[place, place]
limit <- found$objective + found$objective / (nrow(data) - 5) * ratio * qt(.975, 23)^2
outside <- profile > limit
left <- max(which(outside & grid < knot)); right <- min(which(outside & grid > knot))
root <- function(a, b) uniroot(function(k) squares(k) - limit, grid[c(a, b)], tol = 1e-12)$root
result$knot <- list(at = knot, objective = found$objective, ratio = as.numeric(ratio), change = as.numeric(change),
                    low = root(left, left + 1), high = root(right - 1, right), errors = errors(clustered),
                    aic = AIC(lm(score ~ log_seconds + pmax(log_seconds - knot, 0) + chat, data)) + 2)

## Quantiles
# The exact method; the interior-point one (fn) agrees to 1e-8.
lines <- rq(score ~ log_seconds + chat, tau = c(.25, .5, .75), data = data, method = "br")
result$quantile <- lapply(1:3, function(k) named(coef(lines)[, k]))

## Two-stage least squares
agent <- paste(data$company, data$agent)
others <- function(x, by) (ave(x, by, FUN = sum) - x) / (ave(x, by, FUN = length) - 1)
several <- ave(data$minutes, agent, FUN = length) > 1
iv <- data[several, ]
iv$instrument <- others(iv$minutes, agent[several]) - others(iv$minutes, iv$company)
model <- ivreg(score ~ minutes + chat | instrument + chat, data = iv)
first <- lm(minutes ~ instrument + chat, iv)
first_v <- cr1(first, iv$company)
plain <- lm(score ~ minutes + chat, iv)
# Anderson and Rubin: a slope is kept when the instrument tells nothing of score - slope * minutes.
rejects <- function(slope) {
  m <- lm(I(score - slope * minutes) ~ instrument + chat, iv)
  abs(coef(m)["instrument"] / sqrt(cr1(m, iv$company)["instrument", "instrument"])) - qt(.975, 23)
}
middle <- coef(model)["minutes"]
result$iv <- list(
  rows = nrow(iv), values = named(coef(model)), errors = errors(cr1(model, iv$company)),
  first = as.numeric(coef(first)["instrument"]), first_error = sqrt(first_v["instrument", "instrument"]),
  f = as.numeric(coef(first)["instrument"]^2 / first_v["instrument", "instrument"]),
  plain = as.numeric(coef(plain)["minutes"]), plain_error = sqrt(cr1(plain, iv$company)["minutes", "minutes"]),
  ar_low = uniroot(rejects, c(middle - 60, middle), tol = 1e-12)$root,
  ar_high = uniroot(rejects, c(middle, middle + 60), tol = 1e-12)$root,
  instrument = iv$instrument[1:20])

## Diagnostics
model <- lm(score ~ log_seconds + minutes + chat, data)
grouped <- vif(lm(score ~ ns(log_seconds, 3) + minutes + chat, data))
x <- model.matrix(model)
result$diagnostics <- list(
  vif = named(vif(model)), gvif = as.list(setNames(grouped[, 1]^(1 / grouped[, 2]), c("spline", "minutes", "chat"))),
  condition = kappa(sweep(x, 2, sqrt(colSums(x^2)), "/"), exact = TRUE),
  without = sapply(0:23, function(k) coef(lm(score ~ log_seconds + minutes + chat, data[data$company != k, ]))["minutes"]))
result$diagnostics$without <- as.numeric(result$diagnostics$without)

## Power
result$power <- list(t12 = (qt(.975, 12) + qt(.8, 12)) * 1.5, normal = (qnorm(.975) + qnorm(.9)) * 2)

write_json(result, "models.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
