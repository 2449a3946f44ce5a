# Table of the benchmark's JSON lines: median over rounds, ratio to the peer. Appends to bench/RESULTS.md.
path <- commandArgs(trailingOnly = TRUE)[1]
field <- function(line, name) {
    hit <- regmatches(line, regexec(paste0('"', name, '": "?([^",}]+)'), line))[[1]]
    if (length(hit) == 2) hit[2] else NA_character_
}
lines <- grep("^\\{", readLines(path), value = TRUE)
runs <- data.frame(
    workload = vapply(lines, field, "", "workload"),
    peer = is.na(vapply(lines, field, "", "impl")),
    threads = vapply(lines, field, "", "threads"),
    seconds = as.numeric(vapply(lines, field, "", "s_per_epoch")),
    torch = vapply(lines, field, "", "torch"), row.names = NULL)
# the peer tells W4 from W4b by its batch size
batch <- vapply(lines, field, "", "batch")
runs$workload[runs$workload == "W4" & batch %in% "128"] <- "W4b"
median_of <- function(w, peer) {
    s <- runs$seconds[runs$workload == w & runs$peer == peer]
    if (length(s)) stats::median(s) else NA
}
cpu <- sub(".*: ", "", grep("model name", readLines("/proc/cpuinfo"), value = TRUE)[1])
commit <- system("git rev-parse --short HEAD", intern = TRUE)
out <- c(sprintf("\n## %s, commit %s\n", format(Sys.Date()), commit),
    sprintf("%s, %s threads, R %s; PyTorch %s (pip). Seconds per epoch, median of %d interleaved runs.\n", cpu,
        runs$threads[1], getRversion(), if (any(runs$peer)) stats::na.omit(runs$torch)[1] else "not run",
        sum(runs$workload == runs$workload[1] & !runs$peer)),
    "| workload | aesop | PyTorch | PyTorch / aesop |", "|---|---|---|---|")
for (w in unique(runs$workload)) {
    a <- median_of(w, FALSE)
    p <- median_of(w, TRUE)
    out <- c(out, sprintf("| %s | %.4f | %s | %s |", w, a, if (is.na(p)) "-" else sprintf("%.4f", p),
        if (is.na(p)) "-" else sprintf("%.2f", p / a)))
}
writeLines(out)
con <- file("bench/RESULTS.md", open = "a")
writeLines(out, con)
close(con)
