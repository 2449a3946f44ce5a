# Where the computing is done: on the processor, or on an NVIDIA GPU through the
# plugin that the installation built if it found CUDA's compiler.

# What this session knows of its GPUs.
.cuda <- new.env(parent = emptyenv())

# A device for the core: NULL for the processor, else list(name, number, open,
# close).
.resolveDevice <- function(device) {
    allowed <- "\"auto\", \"cpu\" or a GPU such as \"cuda\" or \"cuda:1\""
    device <- .checkString(device, "device", allowed)
    if (device == "cpu") {
        return(NULL)
    }
    explicit <- grepl("^cuda(:[0-9]{1,4})?$", device)
    if (!explicit && device != "auto") {
        .abortParam("device", device, allowed)
    }
    if (.inFork()) {
        if (!explicit) {
            return(NULL)
        }
        .abort("fork", c(
            "A forked process cannot use the GPU of its parent.",
            paste("Use device = \"cpu\" there, or processes that are started",
                "anew, such as BiocParallel::SnowParam().")
        ), arg = "device", value = device)
    }
    devices <- .knownDevices()
    number <- as.integer(sub("^(auto|cuda)(:|$)", "", device))
    usable <- which(!nzchar(devices$reason))
    if (is.na(number) && length(usable) > 0L) {
        number <- usable[1L] - 1L
    }
    if (!is.na(number) && (number + 1L) %in% usable) {
        return(.openableDevice(devices, number, explicit))
    }
    if (explicit) {
        .abortDevice(device, .whyNot(devices, number))
    }
    .sayUnused(devices)
    NULL
}

.inFork <- function() {
    !is.null(.cuda$process) && .cuda$process != Sys.getpid()
}

# A look at the GPUs takes time, and memory of each: one a session, if all are
# well.
.knownDevices <- function() {
    if (!is.null(.cuda$lost) || is.null(.cuda$devices)) {
        devices <- .cudaDevices()
        all_well <- nrow(devices) > 0L && !any(nzchar(devices$reason))
        .cuda$devices <- if (all_well) devices
        return(devices)
    }
    .cuda$devices
}

.whyNot <- function(devices, number) {
    if (nrow(devices) == 0L) {
        attr(devices, "reason")
    } else if (is.na(number)) {
        devices$reason[1L]
    } else if (number >= nrow(devices)) {
        sprintf("there is no GPU with that number; the last one is cuda:%d",
            nrow(devices) - 1L)
    } else {
        devices$reason[number + 1L]
    }
}

.abortDevice <- function(device, reason) {
    lost <- !is.null(.cuda$lost)
    .abort("device", c(
        sprintf("`device` = %s cannot be used: %s.", .quote(device), reason),
        if (lost) {
            "Restart R to use it again, or use device = \"cpu\"."
        } else {
            "Use device = \"auto\" or device = \"cpu\"."
        }
    ), arg = "device", value = device, sticky = lost,
        code = if (lost) "lost" else "unusable")
}

# "auto" says once a session that it takes a GPU.
.openableDevice <- function(devices, number, explicit) {
    found <- .pluginDevice(.cudaPlugin(), number)
    if (!explicit && is.null(.cuda$said)) {
        .cuda$said <- TRUE
        .inform(sprintf(
            "Using the GPU %s (%s); device = \"cpu\" keeps to the processor.",
            found$name, devices$name[number + 1L]), device = found$name)
    }
    found
}

# "auto" says once a session that a GPU is there and cannot be used.
.sayUnused <- function(devices) {
    if (nrow(devices) > 0L && is.null(.cuda$said)) {
        .cuda$said <- TRUE
        .inform(sprintf("The GPU cuda:0 (%s) is not used: %s.",
            devices$name[1L], devices$reason[1L]), device = "cpu")
    }
}

# A GPU that failed in a way that cannot be mended: no more calls to it.
.noteDeviceFailure <- function(condition) {
    if (isTRUE(as.logical(condition$sticky))) {
        .cuda$lost <- paste("it failed earlier in this session:",
            condition$reason)
    }
}

# Evaluates code that may use a GPU.
.onDevice <- function(code) {
    withCallingHandlers(code, aesop_error_device = .noteDeviceFailure)
}

# The plugin's functions; or NULL, and the reason in .cuda$reason. Loaded on
# first use. Not looked for by system.file() alone: that gives "" for a missing
# file, which names the running program to the loader.
.cudaPlugin <- function() {
    if (is.null(.cuda$plugin) && is.null(.cuda$reason)) {
        path <- system.file("backends", "aesop_cuda.so", package = "aesop")
        if (nzchar(path)) {
            .cuda$process <- Sys.getpid()
            .cuda$plugin <- .loadPlugin(path)
        } else {
            .cuda$reason <- "this build of aesop has no CUDA backend"
        }
    }
    .cuda$plugin
}

.loadPlugin <- function(path) {
    tryCatch({
        dll <- dyn.load(path, local = TRUE)
        functions <- c("version", "devices", "open", "close")
        found <- lapply(functions, function(f) {
            getNativeSymbolInfo(paste0("aesop_cuda_", f), dll)$address
        })
        names(found) <- functions
        if (!cuda_version_fits(found$version)) {
            stop("it belongs to another version of aesop")
        }
        found
    }, error = function(e) {
        .cuda$reason <- paste("its CUDA backend cannot be loaded:",
            conditionMessage(e))
        NULL
    })
}

# The reasons, with those of GPUs that fail, or compute wrong numbers.
.selfChecked <- function(plugin, reasons) {
    vapply(seq_along(reasons), function(i) {
        if (nzchar(reasons[i])) {
            return(reasons[i])
        }
        .selfCheck(.pluginDevice(plugin, i - 1L), "float32")
    }, "")
}

# What is wrong with a device where small networks are trained on it; "" if
# nothing is, and then not asked again in this session.
.selfCheck <- function(device, precision) {
    what <- paste(device$name, precision)
    if (what %in% .cuda$checked) {
        return("")
    }
    control <- list(device = device, precision = precision)
    reason <- tryCatch(.onDevice(device_self_check(control)),
        aesop_error = function(e) {
            if (is.null(e$reason)) conditionMessage(e) else e$reason
        })
    if (!nzchar(reason)) {
        .cuda$checked <- c(.cuda$checked, what)
    }
    reason
}

# What the factors of products are rounded to. device: of .resolveDevice().
.resolvePrecision <- function(precision, device) {
    precision <- .checkChoice(precision, "precision",
        c("float32", "tf32", "bf16"))
    reason <- if (precision == "float32") {
        ""
    } else if (is.null(device)) {
        "the processor, which computes here, uses float32 only"
    } else {
        .selfCheck(device, precision)
    }
    if (nzchar(reason)) {
        .abort("device", c(
            sprintf("`precision` = %s cannot be used: %s.", .quote(precision),
                reason),
            paste("Use precision = \"float32\", or another GPU as `device`,",
                "see cudaInfo().")
        ), arg = "precision", value = precision, sticky = FALSE,
            code = "unusable", reason = reason)
    }
    precision
}

.pluginDevice <- function(plugin, number) {
    list(name = paste0("cuda:", number), number = number, open = plugin$open,
        close = plugin$close)
}

# A data frame with one row per GPU; reason: why it cannot be used, "" if it
# can. Without any: attribute "reason".
.cudaDevices <- function() {
    devices <- data.frame(name = character(), memory_gb = numeric(),
        free_gb = numeric(), capability = character(), driver = character(),
        runtime = character(), reason = character(), stringsAsFactors = FALSE)
    reason <- .cuda$lost
    if (is.null(reason)) {
        plugin <- .cudaPlugin()
        if (is.null(plugin)) {
            reason <- .cuda$reason
        } else {
            found <- cuda_devices(plugin$devices)
            devices <- as.data.frame(found$devices, stringsAsFactors = FALSE)
            devices$reason <- .selfChecked(plugin, devices$reason)
            reason <- found$reason
        }
    }
    attr(devices, "reason") <- if (nrow(devices) == 0L) reason else ""
    devices
}
