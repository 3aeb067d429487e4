# Reference numbers for satsurvey.scoring.small_samples, by package clubSandwich. Run in this folder:
# Rscript small_samples.R. What each number is, and the call that makes it, stands in README.md.
suppressPackageStartupMessages({
  library(clubSandwich)
  library(jsonlite)
})

items <- c("a1", "a2", "b1", "b2")
dimension_of <- c(a1 = "A", a2 = "A", b1 = "B", b2 = "B")
plans <- list(
  equal = list(dimensions = c(A = 0.5, B = 0.5), items = c(a1 = 0.5, a2 = 0.5, b1 = 0.5, b2 = 0.5)),
  declared = list(dimensions = c(A = 0.65, B = 0.35), items = c(a1 = 0.8, a2 = 0.2, b1 = 0.25, b2 = 0.75))
)

data <- read.csv("survey_missing.csv", encoding = "UTF-8")
long <- do.call(rbind, lapply(items, function(item) {
  data.frame(interview = data$interview, company = data$company, item = item, y = data[[item]] * 10)
}))
long <- long[!is.na(long$y), ]
long$item <- factor(long$item, levels = items)

# The working variance of an item: pooled within companies.
pooled <- sapply(items, function(item) {
  rows <- long[long$item == item, ]
  several <- ave(rows$y, rows$company, FUN = length) > 1
  fit <- lm(y ~ 0 + company, data = rows[several, ])
  if (length(unique(rows$company[several])) > 1) summary(fit)$sigma^2 else var(rows$y[several])
})

# The quantity sum_i c_i * mean_i as the first coefficient of the same model: columns D T^-1, where the first row
# of T is c and the others keep an item each.
quantity <- function(rows, c) {
  kept <- which(c != 0)[1]
  turn <- rbind(c, diag(4)[-kept, ])
  design <- model.matrix(~ 0 + item, rows) %*% solve(turn)
  colnames(design) <- paste0("q", 1:4)
  fit <- lm(rows$y ~ 0 + design)
  vcov <- vcovCR(fit, cluster = rows$interview, type = "CR2", target = unname(pooled[as.character(rows$item)]))
  found <- coef_test(fit, vcov = vcov, test = "Satterthwaite")[1, ]
  list(score = found$beta, std_error = found$SE, df = found$df_Satt)
}

of_company <- function(rows, plan) {
  answers <- table(rows$item)
  if (any(answers < 2)) return(NULL)                 # an item answered once has no residual
  inner <- function(d) plan$items[items] * (dimension_of[items] == d)
  list(answers = as.list(answers), A = quantity(rows, inner("A")), B = quantity(rows, inner("B")),
       total = quantity(rows, plan$dimensions[["A"]] * inner("A") + plan$dimensions[["B"]] * inner("B")))
}

result <- list(
  versions = list(R = R.version.string, clubSandwich = as.character(packageVersion("clubSandwich"))),
  pooled_variance = as.list(pooled)
)
for (name in names(plans)) {
  companies <- lapply(split(long, long$company), of_company, plans[[name]])
  result[[name]] <- companies[!sapply(companies, is.null)]
}
write_json(result, "small_samples.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
