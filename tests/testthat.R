# Run by R CMD check; `make test` runs all of tests/testthat by itself. With
# AESOP_CHECK_QUICK=1 only a few files are run: .ci/run sets it, because there
# the whole suite has run just before.
library(testthat)
library(aesop)

quick <- "AutoencoderParam|clusterCodes|findOutliers|saveModel"
files <- list.files("testthat", pattern = "^test.*\\.R$")
if (identical(Sys.getenv("AESOP_CHECK_QUICK"), "1") &&
    any(grepl(quick, files))) {
    message("AESOP_CHECK_QUICK=1: only the tests of ", quick)
    test_check("aesop", filter = quick)
} else {
    test_check("aesop")
}
