# The demonstration: from expression to an embedding, clusters and outliers.
# Run by `make demo` from the root of the repository.
#
#   DATA=PATH        own data instead of the two sets of the demonstration
#   TRANSPOSED=yes   its table has samples in rows
#   LABEL=COLUMN     the column of known labels to compare with
options(warn = 1L)
suppressPackageStartupMessages({
    library(SingleCellExperiment)
    library(ggplot2)
    library(aesop)
})
here <- file.path("tools", "demo")
for (file in c("read.R", "tables.R", "prepare.R", "sets.R", "analyse.R",
    "pictures.R", "report.R")) {
    source(file.path(here, file))
}

runSet <- function(data) {
    say(data$name, ": ", big(ncol(data$x)), " samples x ", big(nrow(data$x)),
        " features")
    for (note in data$notes) {
        say("  - ", note)
    }
    result <- analyse(data)
    folder <- file.path("demo-output", data$name)
    files <- writeResults(data, result, folder)
    printResults(data, result, folder, files)
}

main <- function() {
    path <- Sys.getenv("DATA")
    say("aesop ", as.character(utils::packageVersion("aesop")),
        ": embedding, clusters and outliers with the default settings\n")
    started <- proc.time()[["elapsed"]]
    if (nzchar(path)) {
        transposed <- Sys.getenv("TRANSPOSED") %in% c("yes", "TRUE", "true",
            "1")
        runSet(prepare(readData(path, transposed), dataName(path),
            Sys.getenv("LABEL")))
    } else {
        runSet(muscleCells())
        runSet(leukaemia())
        say("The same on your own data: make demo DATA=PATH (10x folder, ",
            ".mtx, .csv, .tsv, .rds)")
    }
    say("Done in ", round(proc.time()[["elapsed"]] - started), " s.")
}

tryCatch(main(), demo_error = function(e) {
    message("Error: ", conditionMessage(e))
    quit(status = 1L)
})
