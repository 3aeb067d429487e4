# Reference numbers for satsurvey.scoring.estimates, by package survey. Run in this folder: Rscript survey.R
# What each number is, and the call that makes it, stands in README.md.
suppressPackageStartupMessages({
  library(survey)
  library(jsonlite)
})
options(survey.lonely.psu = "fail", survey.ultimate.cluster = FALSE)

items <- c("a1", "a2", "b1", "b2")
dimension_of <- c(a1 = "A", a2 = "A", b1 = "B", b2 = "B")
plans <- list(
  equal = list(dimensions = c(A = 0.5, B = 0.5), items = c(a1 = 0.5, a2 = 0.5, b1 = 0.5, b2 = 0.5)),
  declared = list(dimensions = c(A = 0.65, B = 0.35), items = c(a1 = 0.8, a2 = 0.2, b1 = 0.25, b2 = 0.75))
)
companies <- read.csv("survey_companies.csv", encoding = "UTF-8")

read_answers <- function(file) {
  data <- read.csv(file, encoding = "UTF-8")
  for (item in items) {
    answered <- as.numeric(!is.na(data[[item]]))
    score <- data[[item]] * 10                       # share_of_max on 1-10
    data[[paste0("y_", item)]] <- ifelse(is.na(score), 0, score)
    data[[paste0("n_", item)]] <- answered
  }
  data$population <- companies$population[match(data$company, companies$company)]
  data$share <- companies$market_share[match(data$company, companies$company)]
  data$one <- 1
  data
}

# The item-first total as a function of totals: sum over d of w_d * sum over i of w_i * total(y_i) / total(n_i).
ratio_text <- function(item) sprintf("y_%s / n_%s", item, item)
dimension_text <- function(dimension, plan) {
  its <- names(dimension_of)[dimension_of == dimension]
  paste(sprintf("%.17g * (%s)", plan$items[its], ratio_text(its)), collapse = " + ")
}
total_text <- function(plan) {
  paste(sprintf("%.17g * (%s)", plan$dimensions, sapply(names(plan$dimensions), dimension_text, plan)),
        collapse = " + ")
}
every_total <- as.formula(paste("~", paste(c(paste0("y_", items), paste0("n_", items)), collapse = " + ")))

delta <- function(design, texts) {
  totals <- svytotal(every_total, design)
  result <- svycontrast(totals, lapply(texts, function(text) parse(text = text)[[1]]))
  list(score = as.numeric(coef(result)), std_error = as.numeric(sqrt(diag(as.matrix(vcov(result))))))
}

quantities <- function(plan) {
  c(list(total = total_text(plan)),
    setNames(lapply(names(plan$dimensions), dimension_text, plan), names(plan$dimensions)),
    setNames(lapply(items, ratio_text), items))
}

measure <- function(design, plan, wanted = names(quantities(plan))) {
  texts <- quantities(plan)[wanted]
  found <- delta(design, texts)
  out <- lapply(seq_along(texts), function(k) list(score = found$score[k], std_error = found$std_error[k]))
  setNames(out, names(texts))
}

# The sample of a dimension is those who answered one of its items, the sample of an item those who answered it:
# an item's unweighted SE is then the textbook s / sqrt(n) of its answers.
measure_own <- function(rows, plan, part) {
  its <- if (part %in% items) part else names(dimension_of)[dimension_of == part]
  answering <- rows[rowSums(rows[paste0("n_", its)]) > 0, ]
  measure(svydesign(ids = ~1, weights = ~w, data = answering), plan, part)[[1]]
}

kish <- function(w) sum(w)^2 / sum(w^2)

# Composite of each respondent: means of the answered items of a dimension, then of the dimensions that have one,
# the weights scaled to what is there.
composite <- function(data, plan) {
  parts <- sapply(names(plan$dimensions), function(dimension) {
    its <- names(dimension_of)[dimension_of == dimension]
    w <- plan$items[its]
    y <- as.matrix(data[paste0("y_", its)])
    a <- as.matrix(data[paste0("n_", its)])
    as.numeric((y * a) %*% w) / as.numeric(a %*% w)
  })
  there <- !is.nan(parts)
  parts[!there] <- 0
  list(total = as.numeric(parts %*% plan$dimensions) / as.numeric(there %*% plan$dimensions),
       parts = parts, there = there)
}

scores_of <- function(data, weighted, plan) {
  data$w <- if (weighted) data$weight else 1
  composed <- composite(data, plan)
  data$composite <- composed$total
  for (dimension in names(plan$dimensions)) {
    data[[paste0("c_", dimension)]] <- composed$parts[, dimension]
    data[[paste0("h_", dimension)]] <- as.numeric(composed$there[, dimension])
  }
  by_company <- lapply(split(data, data$company), function(rows) {
    sample <- svydesign(ids = ~1, weights = ~w, data = rows)
    finite <- svydesign(ids = ~1, weights = ~w, fpc = ~population, data = rows)
    mean_of <- svymean(~composite, sample, deff = "replace")
    first <- list(score = as.numeric(coef(mean_of)), std_error = as.numeric(SE(mean_of)),
                  design_effect = as.numeric(deff(mean_of)),
                  std_error_fpc = as.numeric(SE(svymean(~composite, finite))))
    for (dimension in names(plan$dimensions)) {
      present <- svydesign(ids = ~1, weights = ~w, data = rows[rows[[paste0("h_", dimension)]] == 1, ])
      own <- svymean(as.formula(paste0("~c_", dimension)), present)
      first[[dimension]] <- list(score = as.numeric(coef(own)), std_error = as.numeric(SE(own)))
    }
    parts <- c(names(plan$dimensions), items)
    overall <- delta(sample, quantities(plan)["total"])
    half <- qt(0.975, degf(sample)) * overall$std_error
    list(n = nrow(rows), n_effective = kish(rows$w), interval = overall$score + c(-half, half),
         item_first = c(measure(sample, plan, "total"),
                        setNames(lapply(parts, function(part) measure_own(rows, plan, part)), parts)),
         item_first_fpc = measure(finite, plan, "total"), respondent_first = first)
  })
  # Company scores as numbers of their own: each company is one unit, however many interviews it has.
  order <- companies$company
  level <- data.frame(company = order, industry = companies$industry, share = companies$market_share,
                      score = sapply(order, function(name) by_company[[name]]$item_first$total$score),
                      v = sapply(order, function(name) by_company[[name]]$item_first$total$std_error^2))
  level$in_industry <- as.numeric(table(level$industry)[level$industry])
  level$mean_weight <- 1 / level$in_industry
  unit_mean <- function(rows, weights, strata = NULL) {
    rows$u <- weights
    design <- svydesign(ids = ~1, strata = strata, weights = ~u, data = rows)
    mean_of <- svymean(~score, design)
    list(score = as.numeric(coef(mean_of)), std_error = as.numeric(SE(mean_of)), df = degf(design))
  }
  # The weight that an interview has where every company counts once, or by its market share.
  data$once <- data$w / ave(data$w, data$company, FUN = sum)
  data$by_share <- data$once * data$share
  data$by_industry <- data$once / level$in_industry[match(data$company, level$company)]
  # Companies as a census: only the interviews are sampled, independently in every company.
  census <- function(rows, weights) {
    share <- weights / sum(weights)
    list(score = sum(share * rows$score), std_error = sqrt(sum(share^2 * rows$v)))
  }
  pooled <- function(rows, strata = NULL) {
    design <- svydesign(ids = ~company, strata = strata, weights = ~w, data = rows, nest = TRUE)
    c(measure(design, plan), list(df = degf(design)))
  }
  pooled_census <- function(rows) {
    c(measure(svydesign(ids = ~1, strata = ~company, weights = ~w, data = rows), plan))
  }
  by_industry <- lapply(split(data, data$industry), function(rows) {
    here <- level[level$industry == rows$industry[1], ]
    list(n = nrow(rows), n_companies = nrow(here),
         n_effective = list(company_mean = kish(rows$once), market_weighted = kish(rows$by_share),
                            respondent_pooled = kish(rows$w)),
         company_mean = unit_mean(here, 1), company_mean_census = census(here, rep(1, nrow(here))),
         respondent_pooled = pooled(rows), respondent_pooled_census = pooled_census(rows),
         market_weighted = unit_mean(here, here$share), market_weighted_census = census(here, here$share))
  })
  overall <- list(
    n = nrow(data),
    n_effective = list(company_mean = kish(data$once), market_weighted = kish(data$by_share),
                       industry_mean = kish(data$by_industry), respondent_pooled = kish(data$w)),
    industry_mean_satterthwaite = {
      v <- sapply(by_industry, function(one) one$company_mean$std_error^2)
      sum(v)^2 / sum(v^2 / sapply(by_industry, function(one) one$company_mean$df))
    },
    company_mean = unit_mean(level, 1, ~industry), industry_mean = unit_mean(level, level$mean_weight, ~industry),
    company_mean_unstratified = unit_mean(level, 1),
    market_weighted = unit_mean(level, level$share, ~industry),
    company_mean_census = census(level, rep(1, nrow(level))),
    industry_mean_census = census(level, level$mean_weight),
    respondent_pooled = pooled(data, ~industry), respondent_pooled_census = pooled_census(data)
  )
  list(companies = by_company, industries = by_industry, overall = overall)
}

# The same industry and overall means from the interviews themselves, which is possible when nothing is missing:
# weights let every company count once, and companies are the clusters.
from_interviews <- function(data, weighted, plan) {
  data$w <- if (weighted) data$weight else 1
  data$composite <- composite(data, plan)$total
  data$once <- data$w / ave(data$w, data$company, FUN = sum)
  clustered <- function(rows, strata = NULL) {
    design <- svydesign(ids = ~company, strata = strata, weights = ~once, data = rows, nest = TRUE)
    mean_of <- svymean(~composite, design, deff = "replace")
    list(score = as.numeric(coef(mean_of)), std_error = as.numeric(SE(mean_of)), df = degf(design),
         design_effect = as.numeric(deff(mean_of)))
  }
  census <- function(rows, finite) {
    design <- if (finite) svydesign(ids = ~1, strata = ~company, weights = ~w, fpc = ~population, data = rows)
              else svydesign(ids = ~1, strata = ~company, weights = ~w, data = rows)
    means <- svyby(~composite, ~company, design, svymean, covmat = TRUE)
    as.numeric(SE(svycontrast(means, rep(1 / nrow(means), nrow(means)))))
  }
  list(
    industries = lapply(split(data, data$industry), function(rows) {
      c(clustered(rows), list(census = census(rows, FALSE), census_fpc = census(rows, TRUE)))
    }),
    overall = c(clustered(data, ~industry), list(census = census(data, FALSE), census_fpc = census(data, TRUE)))
  )
}

missing <- read_answers("survey_missing.csv")
complete <- read_answers("survey_complete.csv")
result <- list(
  versions = list(R = R.version.string, survey = as.character(packageVersion("survey"))),
  plans = lapply(plans, function(plan) lapply(plan, as.list))
)
for (plan in names(plans)) for (weighted in c(FALSE, TRUE)) {
  key <- paste0(plan, if (weighted) "_weighted" else "_unweighted")
  result$missing[[key]] <- scores_of(missing, weighted, plans[[plan]])
  result$complete[[key]] <- scores_of(complete, weighted, plans[[plan]])
  result$complete[[key]]$from_interviews <- from_interviews(complete, weighted, plans[[plan]])
}
write_json(result, "survey.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
