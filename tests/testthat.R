# Run by R CMD check; `make test` runs all of tests/testthat by itself. With
# AESOP_CHECK_QUICK=1 only a few files are run: .ci/run sets it, because there
# the whole suite has run just before.
library(testthat)
library(aesop)

# R CMD check allows two cores.
Sys.setenv(AESOP_NUM_THREADS = "2")

quick <- paste0("^(AutoencoderParam|clusterCodes|conditions|findOutliers|",
    "losses|optimizers|philox|plots|predict|runAutoencoder|schedules|threads)$")
if (identical(Sys.getenv("AESOP_CHECK_QUICK"), "1")) {
    message("AESOP_CHECK_QUICK=1: a quick subset only: ", quick)
    test_check("aesop", filter = quick)
} else {
    test_check("aesop")
}
