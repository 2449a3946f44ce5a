#' NVIDIA GPUs that aesop can use
#'
#' Tells which GPUs are there, how much memory they have, and, of those that
#' cannot be used, why. A GPU is used by [trainAutoencoder()], [encode()] and
#' the other functions with an argument `device` if aesop was installed where
#' CUDA's compiler (`nvcc`, CUDA 12 or 13) was found, and if the machine has an
#' NVIDIA driver.
#'
#' The installation says whether it built the CUDA backend. The environment
#' variable `AESOP_CUDA` decides about it: `auto` (the default) builds it if it
#' can, `yes` fails where it cannot, `no` leaves it out. `NVCC` or `CUDA_HOME`
#' tell where the compiler is, `AESOP_CUDA_ARCH` for which processors to build
#' (`nvcc`'s `-arch`, default `all-major`; `native` is quicker).
#'
#' The CUDA backend has not yet run on a GPU. Its code is compiled by CUDA's
#' compiler and tested on the processor, where a stand-in for the CUDA runtime
#' runs its kernels and each of them is compared with the reference in double
#' precision. Take its results with care until this sentence is gone. Before a
#' session uses a GPU, small networks are trained on it and in double precision
#' on the processor: one whose losses differ is listed as not usable.
#'
#' @param x What `cudaInfo` returned.
#' @param ... For the print method of data frames.
#'
#' @returns A data frame with one row per GPU and the columns `device` (the name
#' to give as `device`), `name`, `memory_gb` and `free_gb` (memory in GiB: all,
#' and what is free now), `capability` (of computing, e.g. "9.0"), `driver` and
#' `runtime` (CUDA versions), `usable`, and `reason` (why it cannot be used, or
#' ""). Without any GPU it has no rows, and its attribute `reason` tells why;
#' printing it shows that.
#' @examples
#' cudaInfo()
#' nrow(cudaInfo()) > 0
#' @export
cudaInfo <- function() {
    devices <- .cudaDevices()
    reason <- attr(devices, "reason")
    info <- data.frame(
        device = sprintf("cuda:%d", seq_len(nrow(devices)) - 1L),
        devices[setdiff(names(devices), "reason")],
        usable = !nzchar(devices$reason), reason = devices$reason,
        stringsAsFactors = FALSE)
    structure(info, class = c("aesop_cuda_info", "data.frame"),
        reason = reason)
}

#' @rdname cudaInfo
#' @method print aesop_cuda_info
#' @export
print.aesop_cuda_info <- function(x, ...) {
    if (nrow(x) == 0L) {
        cat("No GPU: ", attr(x, "reason"), ".\n", sep = "")
    } else {
        print(as.data.frame(unclass(x), stringsAsFactors = FALSE), ...)
    }
    invisible(x)
}
