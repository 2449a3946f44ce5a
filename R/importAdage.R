#' Import a published ADAGE network
#'
#' Reads the weights of a denoising autoencoder in the form of ADAGE (Tan et
#' al. 2016) and makes them an ordinary model: one sigmoid layer to the codes,
#' its transposed weights and a sigmoid back.
#'
#' `path` is one of
#'
#' * a folder with three tables, tab-separated and possibly gzipped, whose
#'   names end in `weights.tsv`, `hidden_bias.tsv` and `visible_bias.tsv`: a
#'   header, then one line per feature (weights: name and one number per node;
#'   visible bias: name and number) or per node (hidden bias);
#' * the one text file that ADAGE writes: the line `layer 1`, the line `weight
#'   matrix` and one line of numbers per feature, the line `hidden bias vector`
#'   and one number per node, the line `visible bias vector` and one number per
#'   feature. It has no names. Files of several layers are refused.
#'
#' The model takes values from 0 to 1 as they are (`scale = "none"`): bring new
#' data to the range of the network's training data first. Its settings are
#' those of [adageParam()]. Weights stay in double precision in the model; they
#' are rounded to single precision when it is applied or saved.
#'
#' @param path A folder or a file, see above.
#' @param features Names of the features in the order of the weights; `NULL`
#'     for those of the tables, or `feature1`, `feature2`, ... for the text
#'     file.
#'
#' @section Errors:
#' `aesop_error_io` for a path that cannot be read; `aesop_error_format_schema`
#' for content of another form, with the fields `path` and `line`;
#' `aesop_error_param` for the arguments.
#'
#' @returns An [AutoencoderModel][AutoencoderModel-class] of features x nodes,
#' with the status `"imported"` and no history.
#' @references Tan J., Hammond J.H., Hogan D.A., Greene C.S. (2016) ADAGE-based
#' integration of publicly available Pseudomonas aeruginosa gene expression
#' data with denoising autoencoders illuminates microbe-host interactions.
#' mSystems 1(1).
#' @seealso [featureSignatures()] for the high-weight features of each node,
#'     [adageParam()] to train such a network
#' @export
#' @examples
#' # three features, two nodes
#' file <- tempfile()
#' writeLines(c("layer 1", "weight matrix", "0.5\t-1", "0\t2", "1\t0.1",
#'     "hidden bias vector", "0.2", "-0.3", "visible bias vector", "0", "0.1",
#'     "-0.1"), file)
#' model <- importAdage(file, features = c("PA1", "PA2", "PA3"))
#' encode(model, matrix(c(0, 0.5, 1), dimnames = list(model@features, "s1")))
importAdage <- function(path, features = NULL) {
    path <- .checkString(path, "path", "the name of a folder or file")
    path <- .expandPath(path)
    network <- if (.isFolder(path)) {
        .adageTables(path)
    } else {
        .adageText(path)
    }
    made <- is.null(network$features) && is.null(features)
    if (!is.null(features)) {
        network$features <- .checkFeatureNames(features,
            nrow(network$weights))
    } else if (made) {
        network$features <- paste0("feature", seq_len(nrow(network$weights)))
    }
    .adageModel(network, made)
}

.checkFeatureNames <- function(features, n) {
    good <- is.character(features) && !is.object(features) &&
        length(features) == n && !anyNA(features) && all(nzchar(features)) &&
        !anyDuplicated(features)
    if (!good) {
        .abortParam("features", features,
            sprintf("NULL or %d unique names, one per row of weights", n))
    }
    as.character(features)
}

# network: list(weights, hidden, visible, features)
.adageModel <- function(network, made) {
    preset <- adageParam(latent = ncol(network$weights), scale = "none")
    settings <- validate_config(preset@settings)
    names <- names(config_shapes(settings, nrow(network$weights)))
    weights <- list(unname(network$weights), network$hidden,
        network$visible)
    names(weights) <- c("encoder.1.weight", "encoder.1.bias",
        "decoder.1.bias")
    none <- numeric()
    info <- list(status = "imported",
        n_features = as.numeric(nrow(network$weights)),
        best_epoch = 0, n_parameters = as.numeric(sum(lengths(weights))),
        messages = character(), origin = list(), features_made = made,
        package_version = as.character(utils::packageVersion("aesop")))
    model <- new("AutoencoderModel",
        param = new("AutoencoderParam", settings = settings),
        weights = weights[names],
        transform = list(size_factor_target = NULL, center = NULL,
            scale = NULL),
        features = network$features,
        history = data.frame(epoch = none, loss = none, val_loss = none,
            learning_rate = none, seconds = none),
        info = info)
    .checkIntact(model)
}

.abortImport <- function(path, line, problem, hint = NULL) {
    where <- if (is.na(line)) {
        .quote(path, 200L)
    } else {
        sprintf("%s, line %d", .quote(path, 200L), line)
    }
    .abort("format_schema", c(sprintf("%s: %s.", where, problem), hint),
        path = path, line = line, offset = NA_real_, reason = problem)
}

# A name that is too long is a warning otherwise.
.isFolder <- function(path) {
    suppressWarnings(dir.exists(path))
}

# All lines of a file, which may be gzipped.
.importLines <- function(path) {
    if (!suppressWarnings(file.exists(path)) || .isFolder(path)) {
        .abort("io", sprintf("There is no file %s.", .quote(path, 200L)),
            path = path, op = "open", errno = NA_integer_)
    }
    failed <- function(e) {
        .abort("io", sprintf("Could not read %s: %s", .quote(path, 200L),
            conditionMessage(e)), path = path, op = "read",
            errno = NA_integer_)
    }
    lines <- tryCatch({
        connection <- gzfile(path, "rt")
        on.exit(close(connection))
        readLines(connection, warn = FALSE)
    }, error = failed, warning = failed)
    good <- validUTF8(lines)
    if (!all(good)) {
        .abortImport(path, which(!good)[1L], "it is not text")
    }
    sub("\r$", "", lines)
}

# Lines of numbers -> a matrix. fields: a list of what stands in each line;
# first: number of the first of these lines in the file.
.importNumbers <- function(fields, n, path, first) {
    odd <- which(lengths(fields) != n)
    if (length(odd) > 0L) {
        .abortImport(path, first + odd[1L] - 1L, sprintf(
            "%s instead of %d", .count(length(fields[[odd[1L]]]), "number"),
            n))
    }
    text <- unlist(fields, use.names = FALSE)
    values <- suppressWarnings(as.numeric(text))
    bad <- which(!is.finite(values))
    if (length(bad) > 0L) {
        .abortImport(path, first + (bad[1L] - 1L) %/% n,
            sprintf("%s is not a finite number", .quote(text[bad[1L]])))
    }
    matrix(values, ncol = n, byrow = TRUE)
}

# A folder of three tables.
.adageTables <- function(folder) {
    weights <- .adageTable(folder, "weights")
    hidden <- .adageTable(folder, "hidden_bias")
    visible <- .adageTable(folder, "visible_bias")
    .matchRows(hidden, weights$columns, "nodes of the weights")
    .matchRows(visible, weights$rows, "features of the weights")
    list(weights = weights$values, hidden = hidden$values[, 1L],
        visible = visible$values[, 1L], features = weights$rows)
}

# list(path, rows, columns, values); line i + 1 of the file is row i.
.adageTable <- function(folder, name) {
    pattern <- sprintf("(^|_)%s[.]tsv([.]gz)?$", name)
    path <- list.files(folder, pattern, full.names = TRUE)
    if (length(path) != 1L) {
        .abortImport(folder, NA_integer_, sprintf(
            "it holds %s whose name ends in %s.tsv or %s.tsv.gz instead of 1",
            .count(length(path), "file"), name, name))
    }
    lines <- .importLines(path)
    fields <- strsplit(lines, "\t", fixed = TRUE)
    if (length(lines) < 2L || length(fields[[1L]]) < 2L) {
        .abortImport(path, 1L, "a header and at least one row are missing")
    }
    n <- length(fields[[1L]]) - 1L
    if (name != "weights" && n != 1L) {
        .abortImport(path, 1L, sprintf("%s instead of a name and a number",
            .count(n + 1L, "column")))
    }
    rows <- vapply(fields[-1L], function(row) c(row, "")[1L], "")
    odd <- which(!nzchar(rows) | duplicated(rows))
    if (length(odd) > 0L) {
        .abortImport(path, odd[1L] + 1L, sprintf(
            "the name %s is empty or there already", .quote(rows[odd[1L]])))
    }
    values <- .importNumbers(lapply(fields[-1L], `[`, -1L), n, path, 2L)
    list(path = path, rows = rows, columns = fields[[1L]][-1L],
        values = values)
}

# The rows of a table must be the ones given, in that order.
.matchRows <- function(table, wanted, what) {
    n <- min(length(wanted), length(table$rows))
    odd <- which(table$rows[seq_len(n)] != wanted[seq_len(n)])
    if (length(odd) > 0L) {
        .abortImport(table$path, odd[1L] + 1L, sprintf(
            "%s instead of %s: the rows must be the %s",
            .quote(table$rows[odd[1L]]), .quote(wanted[odd[1L]]), what))
    }
    if (length(table$rows) != length(wanted)) {
        .abortImport(table$path, n + 2L, sprintf("%s instead of %d (%s)",
            .count(length(table$rows), "row"), length(wanted), what))
    }
    invisible(table)
}

# The text file: headings, and the numbers below them.
.adageText <- function(path) {
    lines <- trimws(.importLines(path))
    while (length(lines) > 0L && !nzchar(lines[length(lines)])) {
        lines <- lines[-length(lines)]
    }
    headings <- c("layer 1", "weight matrix", "hidden bias vector",
        "visible bias vector")
    at <- .findHeadings(lines, headings, path)
    block <- function(heading, end, n = NULL) {
        from <- at[[heading]] + 1L
        if (from > end) {
            .abortImport(path, from, sprintf("no numbers below %s",
                .quote(heading)))
        }
        fields <- strsplit(lines[from:end], "[ \t]+")
        if (is.null(n)) {
            n <- length(fields[[1L]])
        }
        .importNumbers(fields, n, path, from)
    }
    weights <- block("weight matrix", at[["hidden bias vector"]] - 1L)
    hidden <- block("hidden bias vector", at[["visible bias vector"]] - 1L,
        1L)
    visible <- block("visible bias vector", length(lines), 1L)
    if (nrow(hidden) != ncol(weights)) {
        .abortImport(path, at[["hidden bias vector"]], sprintf(
            "%s for %d nodes", .count(nrow(hidden), "hidden bias value"),
            ncol(weights)))
    }
    if (nrow(visible) != nrow(weights)) {
        .abortImport(path, at[["visible bias vector"]], sprintf(
            "%s for %d features", .count(nrow(visible), "visible bias value"),
            nrow(weights)))
    }
    list(weights = weights, hidden = hidden[, 1L], visible = visible[, 1L])
}

# Numbers of the lines with the headings, which must come once and in order.
.findHeadings <- function(lines, headings, path) {
    layers <- which(grepl("^layer +[0-9]+$", lines))
    if (length(layers) > 1L) {
        .abortImport(path, layers[2L], sprintf(
            "the network has %d layers, and only one can be imported",
            length(layers)))
    }
    at <- list()
    last <- 0L
    for (heading in headings) {
        found <- which(lines == heading)
        if (length(found) != 1L || found <= last) {
            line <- if (length(found) > 1L) found[2L] else last + 1L
            .abortImport(path, min(line, max(1L, length(lines))), sprintf(
                "the line %s is missing, out of order or there twice",
                .quote(heading)),
                "Is this a network file of ADAGE, or a folder of its tables?")
        }
        at[[heading]] <- found
        last <- found
    }
    if (at[["layer 1"]] != 1L || at[["weight matrix"]] != 2L) {
        .abortImport(path, 1L, paste("the file must begin with the lines",
            "\"layer 1\" and \"weight matrix\""))
    }
    at
}
