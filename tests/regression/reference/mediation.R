# Reference numbers for satsurvey.regression.mediation. Run in this folder: Rscript mediation.R
# Two regressions with lm; the scores of both stand side by side, so that the sandwich holds for their product.
suppressPackageStartupMessages({ library(sandwich); library(clubSandwich); library(jsonlite) })
packages <- c("sandwich", "clubSandwich")
result <- list(versions = c(list(R = R.version.string),
                            sapply(packages, function(p) as.character(packageVersion(p)), simplify = FALSE)))

data <- read.csv("contacts.csv")
data$log_seconds <- log1p(data$seconds)

# answer is taken for the mediator, score for the outcome: the numbers need not mean anything to be the same.
paths <- function(rows) {
  first <- lm(answer ~ log_seconds + chat, rows)
  second <- lm(score ~ log_seconds + chat + answer, rows)
  total <- lm(score ~ log_seconds + chat, rows)
  g <- length(unique(rows$company)); n <- nrow(rows)
  inverse <- function(model) solve(crossprod(model.matrix(model)))
  # What each company adds to the coefficients of a model: sums of its scores through (X'X)^-1, with the
  # correction G/(G-1) (N-1)/(N-p).
  adds <- function(model) {
    sums <- rowsum(model.matrix(model) * residuals(model), rows$company)
    sums %*% inverse(model) * sqrt(g / (g - 1) * (n - 1) / (n - length(coef(model))))
  }
  a <- coef(first)[["log_seconds"]]; b <- coef(second)[["answer"]]
  both <- cbind(adds(first)[, "log_seconds"], adds(second)[, "answer"])
  joint <- crossprod(both)
  error <- sqrt(drop(c(b, a) %*% joint %*% c(b, a)))
  # The sandwich package knows the variances on the diagonal; the joint one only adds the covariance of a and b.
  stopifnot(all.equal(joint[1, 1], vcovCL(first, rows$company, type = "HC1")["log_seconds", "log_seconds"]),
            all.equal(joint[2, 2], vcovCL(second, rows$company, type = "HC1")["answer", "answer"]))
  half <- qt(.975, g - 1) * error
  df <- function(model, term) {
    found <- coef_test(model, vcovCR(model, rows$company, "CR2"), test = "Satterthwaite")
    list(error = found[term, "SE"], df = found[term, "df_Satt"])
  }
  list(total = coef(total)[["log_seconds"]], direct = coef(second)[["log_seconds"]], a = a, b = b,
       indirect = a * b, error = error, low = a * b - half, high = a * b + half,
       second = list(a = df(first, "log_seconds"), b = df(second, "answer"), direct = df(second, "log_seconds"),
                     total = df(total, "log_seconds")))
}
result$all <- paths(data)
result$few <- paths(data[data$company < 8, ])
writeLines(toJSON(result, auto_unbox = TRUE, digits = I(15), pretty = TRUE), "mediation.json")
