# Installs the R packages named in AESOP_PACKAGES from CRAN or Bioconductor into
# the library given as argument; fails if one is not there afterwards.
library <- commandArgs(trailingOnly = TRUE)[[1L]]
packages <- strsplit(trimws(Sys.getenv("AESOP_PACKAGES")), " +")[[1L]]
repos <- getOption("repos")
if (!nzchar(repos["CRAN"]) || identical(repos[["CRAN"]], "@CRAN@")) {
    repos["CRAN"] <- "https://cloud.r-project.org"
    options(repos = repos)
}
options(timeout = max(600, getOption("timeout")))
there <- function(x) {
    vapply(x, function(p) nzchar(system.file(package = p)), NA)
}
if (!there("BiocManager")) {
    install.packages("BiocManager", lib = library)
}
if (there("BiocManager")) {
    BiocManager::install(packages[!there(packages)], lib = library,
        update = FALSE, ask = FALSE)
}
quit(status = if (all(there(packages))) 0L else 1L)
