# Two threads beside one busy process against one thread beside it: never slower than 1.3 x.
#   Rscript bench/contention.R [rounds] [workloads]
# Runs bench/workloads.R with 1 and 2 threads in turn while another process keeps one core busy; compares the
# fastest epochs. Exits with 1 where a workload is slower than that.
arguments <- commandArgs(trailingOnly = TRUE)
rounds <- if (length(arguments)) as.integer(arguments[1]) else 3L
workloads <- if (length(arguments) > 1) arguments[-1] else c("W1", "W2", "W4")
rscript <- file.path(R.home("bin"), "Rscript")
busy <- parallel::mcparallel(repeat sqrt(2)) # until it is killed below
seconds <- function(workload, threads) {
    epochs <- if (workload == "W2") 30 else 5
    line <- system2(rscript, c("bench/workloads.R", workload, epochs, threads), stdout = TRUE)
    as.numeric(sub('.*"s_min": ([0-9.]+).*', "\\1", grep("s_min", line, value = TRUE)))
}
out <- c("| workload | 1 thread | 2 threads | ratio |", "|---|---|---|---|")
worst <- 0
for (w in workloads) {
    best <- c(Inf, Inf)
    for (round in seq_len(rounds)) {
        for (threads in 1:2) {
            best[threads] <- min(best[threads], seconds(w, threads))
        }
    }
    worst <- max(worst, best[2] / best[1])
    out <- c(out, sprintf("| %s | %.4f | %.4f | %.2f |", w, best[1], best[2], best[2] / best[1]))
}
tools::pskill(busy$pid, tools::SIGKILL)
commit <- system("git rev-parse --short HEAD", intern = TRUE)
out <- c(sprintf("\n## %s, commit %s: beside one busy process\n", format(Sys.Date()), commit),
    sprintf("`bench/contention.R`: seconds of the fastest epoch of %d runs; 2 threads may take 1.3 x one thread.\n",
        rounds), out)
writeLines(out)
cat(out, file = "bench/RESULTS.md", sep = "\n", append = TRUE)
quit(status = as.integer(worst > 1.3))
