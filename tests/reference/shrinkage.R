# Reference numbers for satsurvey.scoring.shrinkage. Run in this folder: Rscript shrinkage.R
suppressPackageStartupMessages({
  library(lme4)
  library(metafor)
  library(jsonlite)
})

known <- read.csv("shrinkage_known.csv", encoding = "UTF-8")

# Route 1: metafor. Route 2: lme4's own matrices with the residual variance held at 1, that is, the answers
# divided by their standard errors, and its restricted deviance minimised over theta = sqrt(tau2).
fit_known <- function(rows) {
  x <- rows$score
  v <- rows$variance
  fit <- rma(yi = x, vi = v, method = "REML",
             control = list(threshold = 1e-14, maxiter = 10000, stepadj = 0.5))
  shrunken <- blup(fit)
  unit <- factor(seq_along(x))
  parts <- lFormula(x ~ 1 + (1 | unit), data = data.frame(x = x, unit = unit), weights = 1 / v, REML = TRUE,
                    control = lmerControl(check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore",
                                          check.nlev.gtr.1 = "ignore"))
  deviance <- do.call(mkLmerDevfun, parts)
  inside <- environment(deviance)
  restricted <- function(theta) {
    deviance(theta)
    inside$pp$ldL2() + inside$pp$ldRX2() + inside$resp$wrss() + inside$pp$sqrL(1)
  }
  found <- optimize(restricted, c(0, 10 * sd(x)), tol = 1e-13)
  theta <- if (restricted(0) <= found$objective) 0 else found$minimum
  list(mean = as.numeric(fit$beta), mean_variance = fit$se^2, tau2 = fit$tau2,
       estimate = shrunken$pred, variance = shrunken$se^2, tau2_lme4 = theta^2)
}

answers <- read.csv("shrinkage_answers.csv", encoding = "UTF-8")
# The answers themselves, one family of companies at a time: all of them, and those of each industry.
fit_answers <- function(rows) {
  tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 100000),
                       check.conv.singular = "ignore")
  fit <- lmer(y ~ 1 + (1 | company), data = rows, REML = TRUE, control = tight)
  variances <- as.data.frame(VarCorr(fit))$vcov
  effects <- ranef(fit, condVar = TRUE)$company
  list(sigma2 = variances[2], tau2 = variances[1], mean = as.numeric(fixef(fit)),
       mean_variance = as.numeric(as.matrix(vcov(fit))), company = rownames(effects),
       estimate = as.numeric(fixef(fit)) + effects[[1]],
       conditional_variance = as.numeric(attr(effects, "postVar")))
}
fit_case <- function(rows) c(list(all = fit_answers(rows)), lapply(split(rows, rows$industry), fit_answers))

result <- list(
  versions = list(R = R.version.string, lme4 = as.character(packageVersion("lme4")),
                  metafor = as.character(packageVersion("metafor"))),
  known = lapply(split(known, known$family), fit_known),
  answers = lapply(split(answers, answers$case), fit_case)
)
write_json(result, "shrinkage.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
