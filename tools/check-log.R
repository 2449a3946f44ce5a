# Reads the log of R CMD check given as argument: prints errors and warnings in
# full, and each note with the reason why it is accepted, or that it has none.
# Exit status: 1 for errors, 2 for warnings, 3 for both.

# Notes that are expected. `check`: pattern for the name of the check; `lines`:
# pattern that every line of the note matches; `reason`: why it may stay.
accepted <- data.frame(
    check = c("installed package size", "compilation flags used"),
    lines = c("^ *(installed size is|sub-directories of|libs |doc |backends )",
        "non-portable flag|-Wdate-time|-Wformat|-Werror=format-security"),
    reason = c(paste("debug symbols of Debian's own R flags (1 MB without), pictures,",
        "and the CUDA backend where it is built"),
        "flags of Debian's own R, not of this package"))

log <- commandArgs(trailingOnly = TRUE)[[1L]]
steps <- tools::check_packages_in_dir_details(logs = log, drop_ok = FALSE)
steps <- steps[steps$Status %in% c("NOTE", "WARN", "WARNING", "ERROR"), ]

reason_of <- function(check, output) {
    lines <- strsplit(output, "\n", fixed = TRUE)[[1L]]
    lines <- lines[nzchar(trimws(lines))]
    fits <- vapply(seq_len(nrow(accepted)), function(i) {
        grepl(accepted$check[i], check) &&
            all(grepl(accepted$lines[i], lines))
    }, NA)
    accepted$reason[fits][1L]
}

for (i in seq_len(nrow(steps))) {
    kind <- steps$Status[i]
    reason <- if (kind == "NOTE") reason_of(steps$Check[i], steps$Output[i])
    title <- paste0(kind, ": ", steps$Check[i])
    if (kind == "NOTE" && !is.na(reason)) {
        writeLines(paste0(title, " (accepted: ", reason, ")"))
    } else {
        writeLines(c(title, if (kind == "NOTE") {
            "  (not in the list of tools/check-log.R: mend it, or give a reason)"
        }, paste("   ", strsplit(steps$Output[i], "\n")[[1L]])))
    }
}
errors <- sum(steps$Status == "ERROR")
warnings <- sum(steps$Status %in% c("WARN", "WARNING"))
writeLines(sprintf("R CMD check: %d errors, %d warnings, %d notes", errors,
    warnings, sum(steps$Status == "NOTE")))
quit(status = (errors > 0L) + 2L * (warnings > 0L))
