#' Load a model from a file
#'
#' Reads a file written by [saveModel()]. The file may come from anywhere: it
#' is checked in full before anything is allocated, nothing in it is ever run
#' as code, and a file that is damaged, truncated or of another kind is an
#' error.
#'
#' @param path The file.
#'
#' @section Errors:
#' `aesop_error_io` if the file cannot be read; `aesop_error_format` and its
#' subclasses `_truncated`, `_limit`, `_schema`, `_checksum` and `_version`;
#' `aesop_error_numeric` for weights that are not finite.
#'
#' @returns An [AutoencoderModel][AutoencoderModel-class], identical to the one
#' that was saved.
#' @seealso [saveModel()] for an example
#' @export
#' @examples
#' # a file of another kind is refused
#' file <- tempfile()
#' writeLines("not a model", file)
#' tryCatch(loadModel(file), aesop_error_format = conditionMessage)
loadModel <- function(path) {
    path <- .checkString(path, "path", "the name of a file")
    content <- read_model_file(.expandPath(path))
    metadata <- content$metadata
    for (field in c("config", "transform", "features", "history", "info")) {
        if (is.null(metadata[[field]])) {
            .abortSchema(sprintf("`%s` is missing", field), path)
        }
    }
    model <- new("AutoencoderModel",
        param = .paramFromFile(metadata$config, path),
        weights = content$tensors,
        transform = as.list(metadata$transform),
        features = as.character(metadata$features),
        history = .historyFromFile(metadata$history, path),
        info = .infoFromFile(metadata$info))
    .checkIntact(.withLinear(model))
}

# The param of a model that linearParam() made.
.withLinear <- function(model) {
    neighbours <- model@info$neighbours
    if (.isNumber(neighbours) && neighbours >= 1) {
        model@param@extra$linear <- list(neighbours = neighbours)
    }
    model
}

.paramFromFile <- function(config, path) {
    settings <- tryCatch(validate_config(as.list(config)),
        aesop_error_param = function(e) {
            .abortSchema(conditionMessage(e), path)
        })
    new("AutoencoderParam", settings = settings)
}

# An empty vector in a file has no type.
.infoFromFile <- function(info) {
    info <- as.list(info)
    info$messages <- as.character(info$messages)
    info
}

.historyFromFile <- function(history, path) {
    history <- as.list(history)
    numeric <- vapply(history, is.numeric, logical(1L))
    if (!all(.historyColumns() %in% names(history)) || !all(numeric) ||
        length(unique(lengths(history))) != 1L) {
        .abortSchema("its history is not a table of numbers", path)
    }
    as.data.frame(history)
}
