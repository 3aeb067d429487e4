# Reference numbers for satsurvey.text.shares, by package survey. Run in this folder: Rscript comment_shares.R
# What each number is, and the call that makes it, stands in README.md.
suppressPackageStartupMessages({
  library(survey)
  library(jsonlite)
})
options(survey.lonely.psu = "fail")

data <- read.csv("comment_shares.csv", encoding = "UTF-8")
shares <- function(rows, weighted) {
  rows$w <- if (weighted) rows$weight else 1
  rows$label <- factor(rows$label, levels = c("negative", "neutral", "positive", "mixed"))
  design <- svydesign(ids = ~company, weights = ~w, data = rows)
  found <- svymean(~label, design)
  list(share = as.numeric(coef(found)), covariance = unname(as.matrix(vcov(found))), df = degf(design),
       n = nrow(rows))
}
groups <- split(data, data$industry)
result <- list(
  versions = list(R = as.character(getRversion()), survey = as.character(packageVersion("survey"))),
  plain = lapply(groups, shares, weighted = FALSE),
  weighted = lapply(groups, shares, weighted = TRUE),
  overall = shares(data, weighted = FALSE)
)
write(toJSON(result, digits = 15, auto_unbox = TRUE, pretty = TRUE), "comment_shares.json")
