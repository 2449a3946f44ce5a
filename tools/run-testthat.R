# Runs tests/testthat against the installed package. The closing line and the
# slowest tests are printed; a test is one test_that() block.
filter <- commandArgs(trailingOnly = TRUE)
filter <- if (length(filter) && nzchar(filter[[1L]])) filter[[1L]]
options(warn = 1L)
Sys.setenv(NOT_CRAN = "true")

results <- testthat::test_dir("tests/testthat", package = "aesop",
    load_package = "installed", filter = filter, stop_on_failure = FALSE,
    reporter = testthat::ProgressReporter$new(show_praise = FALSE,
        max_failures = Inf, update_interval = Inf))
results <- as.data.frame(results)

failed <- results$failed > 0L | results$error
skipped <- !failed & results$skipped
slow <- utils::head(results[order(-results$real), ], 5L)
message("Slowest: ", paste0(slow$file, " '", slow$test, "' ",
    round(slow$real, 1L), " s", collapse = "; "))
writeLines(sprintf("%d passed, %d failed, %d skipped",
    sum(!failed & !skipped), sum(failed), sum(skipped)))
quit(status = if (any(failed)) 1L else 0L)
