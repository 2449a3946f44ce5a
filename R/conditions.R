# Every failure, warning and message of the package is a classed condition.
# The C++ code raises the same classes through .raise().

.condition <- function(classes, message, fields, call = NULL) {
    fields <- fields[setdiff(names(fields), c("message", "call"))]
    structure(
        class = c(classes, "condition"),
        c(list(message = paste(message, collapse = "\n"), call = call), fields)
    )
}

# kind: what went wrong, e.g. "param"; the class is aesop_error_<kind>.
# message: lines; the first says what is wrong, the next how to mend it.
# ...: named fields for handlers, e.g. arg, value, allowed.
.errorCondition <- function(kind, message, fields = list()) {
    family <- if (startsWith(kind, "format_")) "aesop_error_format"
    classes <- c(paste0("aesop_error_", kind), family, "aesop_error", "error")
    .condition(classes, message, fields)
}

.abort <- function(kind, message, ...) {
    stop(.errorCondition(kind, message, list(...)))
}

# Called from C++, where the fields come as one list.
.raise <- function(kind, message, fields = list()) {
    fields <- as.list(fields)
    if (!is.null(fields$feature) && !is.null(fields$sample)) {
        fields$first <- c(feature = fields$feature, sample = fields$sample)
    }
    stop(.errorCondition(kind, message, fields))
}

.warn <- function(kind, message, ...) {
    classes <- c(paste0("aesop_warning_", kind), "aesop_warning", "warning")
    warning(.condition(classes, message, list(...)))
}

.inform <- function(message, ...) {
    text <- paste0(paste(message, collapse = "\n"), "\n")
    message(.condition(c("aesop_message", "message"), text, list(...)))
}

# Names for messages: escaped, shortened, at most n of them.
.showNames <- function(x, n = 5L) {
    shown <- paste(.quote(utils::head(x, n)), collapse = ", ")
    if (length(x) > n) paste0(shown, ", ...") else shown
}

.quote <- function(x, width = 40L) {
    x <- iconv(enc2utf8(as.character(x)), "UTF-8", "UTF-8", sub = "byte")
    long <- !is.na(x) & nchar(x) > width
    x[long] <- paste0(substr(x[long], 1L, width), "...")
    encodeString(x, quote = "\"")
}

# A value as a message shows it.
.describe <- function(x) {
    if (is.null(x)) {
        return("NULL")
    }
    if (is.object(x) || !is.atomic(x)) {
        return(sprintf("an object of class %s", .quote(class(x)[1L])))
    }
    if (length(x) == 0L) {
        return(sprintf("an empty %s vector", typeof(x)))
    }
    if (length(x) > 1L) {
        return(sprintf("a %s vector of length %d", typeof(x), length(x)))
    }
    if (is.character(x)) .quote(x) else format(x, digits = 15L)
}

# "1 feature", "3 features"
.count <- function(n, noun) {
    paste0(.number(n), " ", noun, if (n != 1) "s")
}

# 12345 -> "12,345"
.number <- function(n) {
    format(n, big.mark = ",", scientific = FALSE, trim = TRUE)
}

.needPackage <- function(package, purpose) {
    if (!requireNamespace(package, quietly = TRUE)) {
        .abort("package", c(
            sprintf("%s needs the package '%s'.", purpose, package),
            sprintf("Install it: BiocManager::install(\"%s\")", package)
        ), package = package)
    }
    invisible(TRUE)
}
