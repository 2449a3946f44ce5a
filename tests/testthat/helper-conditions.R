# Evaluates an expression and returns the condition it ends with, or NULL.
catchError <- function(expr) {
    tryCatch({
        force(expr)
        NULL
    }, error = identity, interrupt = identity)
}

# The expression must fail with class aesop_error_<kind>; `mentions` are fixed
# strings that the message must hold. Returns the condition.
expectAesopError <- function(expr, kind, mentions = character(),
    arg = NULL) {
    condition <- catchError(expr)
    class <- paste0("aesop_error_", kind)
    if (is.null(condition)) {
        testthat::fail(sprintf("no error, but %s was expected", class))
        return(invisible(NULL))
    }
    if (!inherits(condition, class)) {
        testthat::fail(sprintf("%s was expected, not %s: %s", class,
            class(condition)[1L], conditionMessage(condition)))
        return(invisible(condition))
    }
    testthat::expect_s3_class(condition, c("aesop_error", "error"))
    for (text in mentions) {
        testthat::expect_match(conditionMessage(condition), text,
            fixed = TRUE)
    }
    if (!is.null(arg)) {
        testthat::expect_identical(condition$arg, arg)
    }
    invisible(condition)
}

# Messages, warnings and output of an expression, and its value.
recordConditions <- function(expr) {
    seen <- new.env()
    seen$messages <- seen$warnings <- list()
    output <- utils::capture.output(
        seen$value <- withCallingHandlers(expr, message = function(m) {
            seen$messages <- c(seen$messages, list(m))
            invokeRestart("muffleMessage")
        }, warning = function(w) {
            seen$warnings <- c(seen$warnings, list(w))
            invokeRestart("muffleWarning")
        }))
    list(value = seen$value, messages = seen$messages,
        warnings = seen$warnings, output = output)
}
