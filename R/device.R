# Where the computing is done. This build has the processor only.

.resolveDevice <- function(device) {
    allowed <- "\"auto\", \"cpu\" or a GPU such as \"cuda\" or \"cuda:1\""
    device <- .checkString(device, "device", allowed)
    if (grepl("^cuda(:[0-9]+)?$", device)) {
        .abort("device", c(
            sprintf("`device` = %s: this build of aesop has no CUDA backend.",
                .quote(device)),
            "Use device = \"auto\" or device = \"cpu\"."
        ), arg = "device", value = device, code = "no_backend", sticky = FALSE)
    }
    if (!device %in% c("auto", "cpu")) {
        .abortParam("device", device, allowed)
    }
    "cpu"
}
