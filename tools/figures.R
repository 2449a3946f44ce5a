# Runs the example in README.md: writes its output below each line that has
# some, as `#>` lines, and its plots to man/figures/README-1.png and so on. Run
# it from the root of the repository, with the package installed, after any
# change of the example or of what it prints:
#
#   Rscript tools/figures.R
options(width = 76L)
suppressPackageStartupMessages({
    library(SingleCellExperiment)
    library(ggplot2)
})

# The example is the first block of R code.
text <- readLines("README.md")
first <- which(text == "```r")[1L] + 1L
last <- first + which(text[-seq_len(first)] == "```")[1L] - 1L
code <- grep("^#>", text[first:last], value = TRUE, invert = TRUE)

figures <- file.path("man", "figures")
dir.create(figures, showWarnings = FALSE, recursive = TRUE)
unlink(file.path(figures, "README-*.png"))

savePlot <- function(plot) {
    n <- length(list.files(figures, "^README-")) + 1L
    ggsave(file.path(figures, sprintf("README-%d.png", n)), plot,
        width = 4.4, height = 3.3, dpi = 110, bg = "white")
}

# What an expression says and prints, as lines.
outputOf <- function(expression, frame) {
    utils::capture.output(withCallingHandlers({
        result <- withVisible(eval(expression, frame))
        if (inherits(result$value, "ggplot")) {
            savePlot(result$value)
        } else if (result$visible) {
            methods::show(result$value)
        }
    }, packageStartupMessage = function(m) {
        invokeRestart("muffleMessage")
    }, message = function(m) {
        writeLines(sub("\n$", "", conditionMessage(m)))
        invokeRestart("muffleMessage")
    }))
}

expressions <- parse(text = code, keep.source = TRUE)
ends <- vapply(attr(expressions, "srcref"), `[`, 0L, 3L)
frame <- new.env(parent = globalenv())
written <- character()
begin <- 1L
for (i in seq_along(expressions)) {
    output <- outputOf(expressions[[i]], frame)
    written <- c(written, code[begin:ends[i]],
        if (length(output)) sub(" +$", "", paste("#>", output)))
    begin <- ends[i] + 1L
}
writeLines(c(text[seq_len(first - 1L)], written,
    text[seq.int(last + 1L, length(text))]), "README.md")
