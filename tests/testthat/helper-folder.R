# Real data, where they are: ../shared/data beside the repository, or the
# folder named by AESOP_DATA.
dataFolder <- function() {
    given <- Sys.getenv("AESOP_DATA")
    candidates <- c(if (nzchar(given)) given,
        testthat::test_path("..", "..", "..", "shared", "data"))
    candidates <- candidates[dir.exists(candidates)]
    if (length(candidates) == 0L) {
        testthat::skip(paste("no real data: neither AESOP_DATA nor",
            "../shared/data is there"))
    }
    candidates[1L]
}

# The published ADAGE network: the folder with its tables.
adageFolder <- function() {
    folder <- file.path(dataFolder(), "paeruginosa_adage")
    if (!dir.exists(folder)) {
        testthat::skip(paste("no paeruginosa_adage in the data folder: get",
            "the tables of greenelab/adage, Train_test_DAs (network,",
            "activity, rawActivity), and set AESOP_DATA"))
    }
    folder
}

# A table of the published network, its first column as row names.
adageMatrix <- function(file) {
    table <- utils::read.delim(gzfile(file.path(adageFolder(), file)),
        quote = "", check.names = FALSE)
    x <- as.matrix(table[, -1L])
    rownames(x) <- table[[1L]]
    x
}

# What the published network makes of its published activities: a stand-in for
# the compendium it was trained on, features x samples.
adageStandIn <- function(model) {
    activity <- adageMatrix("adage50_activity.tsv.gz")
    z <- activity %*% t(model@weights$encoder.1.weight)
    x <- t(stats::plogis(sweep(z, 2L, model@weights$decoder.1.bias, "+")))
    dimnames(x) <- list(model@features, rownames(activity))
    x
}
