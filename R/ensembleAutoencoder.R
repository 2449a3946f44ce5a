#' Train several networks and join them
#'
#' Networks that are trained on the same data from different starts find partly
#' different codes. An ensemble keeps what most of them find: its codes and
#' signatures depend less on the seed than those of one network.
#'
#' `consensus = "weights"` makes one network of the same shape, as the ensembles
#' of ADAGE do (Tan et al. 2017). The weight vectors of all codes of all members
#' are put into as many groups as a member has codes, by partitioning around
#' medoids ([cluster::pam()]) on the distance 1 - correlation, and each group
#' becomes a code with the mean of its weights and biases. Where a code and its
#' mirror image do the same work (linear, tanh and sigmoid codes), the distance
#' is 1 - |correlation| and codes are turned to the side of their medoid first;
#' turning a sigmoid code over moves its decoder weights into the output's bias.
#' The other biases are averaged over the members, and decoder weights that are
#' not tied are summed within a group and divided by the number of members. It
#' is defined for networks without hidden layers.
#'
#' `consensus = "codes"` works for any network: the codes of all members, side
#' by side, centred and each member's scaled to the same total variance, are
#' reduced to `latent` columns by a singular value decomposition. It has codes
#' only, no reconstruction.
#'
#' @param x Samples as for [trainAutoencoder()]. For `print`: an ensemble.
#' @param param An [AutoencoderParam()], or `NULL` for the defaults; the same
#'     for all members.
#' @param members Number of networks, at least 2.
#' @param consensus `"weights"` or `"codes"`; if not given, `"weights"` where it
#'     is defined, for networks without hidden layers.
#' @param BPPARAM `NULL` to train one after another, or a parameter of package
#'     BiocParallel such as `BiocParallel::MulticoreParam(4)`; the result is
#'     the same. Each worker uses `num_threads` threads.
#' @param seed A whole number from which the members' seeds are made; `NULL`
#'     draws one from R's generator.
#' @param ... Further settings as for [AutoencoderParam()], and further
#'     arguments of [trainAutoencoder()].
#'
#' @section Errors:
#' Those of [trainAutoencoder()]; `aesop_error_param` for `"weights"` with
#' hidden layers, and for the other arguments; `aesop_error_package` if package
#' cluster is needed and not installed.
#'
#' @returns A list of class `aesop_ensemble`: `members`, the models;
#' `consensus`; `seed` and `seeds`; for `"weights"` also `model`, the consensus
#' as an [AutoencoderModel][AutoencoderModel-class] for all functions that take
#' one, and `groups`, a data frame with `member`, `code`, `group` and
#' `turned`; for `"codes"` `projection`, a list of `center`, `scale`,
#' `rotation` (codes of all members x columns) and `variance` (the share of
#' each column). [encode()] takes the ensemble itself.
#' @references Tan J., Doing G., Lewis K.A., Price C.E., Chen K.M., Cady K.C.,
#' Perchuk B., Laub M.T., Hogan D.A., Greene C.S. (2017) Unsupervised
#' extraction of stable expression signatures from public compendia with an
#' ensemble of neural networks. Cell Systems 5.
#' @seealso [featureSignatures()] of the consensus model
#' @export
#' @examples
#' x <- matrix(rnorm(30 * 60), nrow = 30,
#'     dimnames = list(paste0("gene", seq_len(30)), NULL))
#' ensemble <- ensembleAutoencoder(x, vanillaParam(latent = 3), members = 3,
#'     consensus = "codes", epochs = 5, seed = 1)
#' ensemble
#' dim(encode(ensemble, x))
#' if (requireNamespace("cluster", quietly = TRUE)) {
#'     ensemble <- ensembleAutoencoder(x, vanillaParam(latent = 3),
#'         members = 3, epochs = 5, seed = 1)
#'     head(featureSignatures(ensemble$model, cutoff = 1))
#' }
ensembleAutoencoder <- function(x, param = NULL, members = 10,
    consensus = c("weights", "codes"), BPPARAM = NULL, seed = NULL, ...) {
    given <- !missing(consensus)
    consensus <- .checkChoice(consensus, "consensus", c("weights", "codes"))
    members <- .checkNumber(members, "members", lower = 2, upper = 10000,
        integer = TRUE)
    BPPARAM <- .checkParallel(BPPARAM)
    param <- .networkParam(param, x)
    args <- list(...)
    .checkNames(args, setdiff(.trainingNames(), "on_interrupt"),
        "ensembleAutoencoder()")
    if (!is.null(param) && !is.null(param@extra$linear)) {
        .abortParam("param", "linearParam()", paste("a network that is",
            "trained: the members would all be the same"))
    }
    if (consensus == "weights") {
        why <- .noJointWeights(param, args)
        if (given && !is.null(why)) {
            .abortConsensus(why)
        }
        consensus <- if (is.null(why)) "weights" else "codes"
    }
    if (consensus == "weights") {
        .needPackage("cluster", "consensus = \"weights\"")
    }
    seed <- .resolveSeed(seed)
    seeds <- .seedSeries(seed, members)
    models <- .applyOver(seeds, .trainMember, BPPARAM, x = x, param = param,
        args = args)
    joined <- if (consensus == "weights") {
        .joinWeights(models, seed)
    } else {
        .joinCodes(models, x, args)
    }
    structure(c(list(members = models, consensus = consensus, seed = seed,
        seeds = seeds), joined), class = "aesop_ensemble")
}

.trainMember <- function(seed, x, param, args) {
    if (is.null(args$verbose)) {
        args$verbose <- FALSE
    }
    do.call(trainAutoencoder, c(list(x, param = param), args, seed = seed,
        on_interrupt = "stop"), quote = TRUE)
}

.abortConsensus <- function(why) {
    .abort("param", c(
        sprintf("`consensus` = \"weights\" is not defined for %s.", why),
        paste("Use consensus = \"codes\", or hidden = integer(0) and full",
            "layers.")
    ), arg = "consensus", value = "weights", allowed = "codes")
}

# For which networks weights cannot be joined, if for these; else NULL.
.noJointWeights <- function(param, args) {
    if (is.null(param)) {
        return("networks of several assays")
    }
    config <- .configOf(param, args[!names(args) %in% .whereArguments()])
    if (length(config$hidden) > 0L ||
        (!config$decoder_mirrored && length(config$decoder_hidden) > 0L)) {
        return("networks with hidden layers")
    }
    if (!is.null(args$design) || !is.null(param@extra$design)) {
        return("networks with a `design`")
    }
    known <- c("encoder.1.weight", "encoder.1.bias", "decoder.1.weight",
        "decoder.1.bias", "dispersion.log_theta")
    odd <- setdiff(names(config_shapes(config, config$latent)), known)
    if (length(odd) > 0L) {
        sprintf("networks with the parameters %s", .showNames(odd))
    }
}

# Returns list(model, groups).
.joinWeights <- function(models, seed) {
    config <- models[[1L]]@param@settings
    mirrored <- config$latent_activation %in% c("linear", "tanh", "sigmoid")
    vectors <- do.call(cbind, lapply(models, .codeWeights))
    groups <- .groupCodes(unname(vectors), config$latent, mirrored)
    groups <- data.frame(member = rep(seq_along(models),
        each = config$latent), code = colnames(vectors), groups)
    model <- models[[1L]]
    model@weights <- .meanWeights(models, groups, config)
    model@history <- model@history[0L, ]
    rownames(model@history) <- NULL
    model@info$status <- "consensus"
    model@info$best_epoch <- 0
    model@info$seed <- seed
    model@info[c("validation", "error_quantiles")] <- NULL
    list(model = .checkIntact(model), groups = groups)
}

# vectors: features x codes of all members. Returns list(group, turned).
.groupCodes <- function(vectors, k, mirrored) {
    n <- ncol(vectors)
    if (n > 20000L) {
        .abort("param", c(
            sprintf("%d codes of all members are too many to compare.", n),
            "Use fewer `members`, or consensus = \"codes\"."
        ), arg = "members", value = n, allowed = 20000L)
    }
    likeness <- suppressWarnings(stats::cor(vectors))
    # a constant vector is like no other
    likeness[is.na(likeness)] <- 0
    closeness <- if (mirrored) abs(likeness) else likeness
    if (k == n) {
        return(list(group = seq_len(n), turned = logical(n)))
    }
    parts <- cluster::pam(stats::as.dist(1 - closeness), k, diss = TRUE,
        pamonce = 5)
    group <- unname(parts$clustering)
    medoid <- parts$id.med[group]
    list(group = group, turned = mirrored &
        likeness[cbind(seq_len(n), medoid)] < 0)
}

# Weights of the consensus; codes of all members in the order of `groups`.
.meanWeights <- function(models, groups, config) {
    all <- function(name) lapply(models, function(m) m@weights[[name]])
    sign <- ifelse(groups$turned, -1, 1)
    size <- tabulate(groups$group, config$latent)
    encoder <- rowsum(t(do.call(cbind, all("encoder.1.weight"))) * sign,
        groups$group) / size
    bias <- rowsum(unlist(all("encoder.1.bias")) * sign, groups$group) / size
    decoder <- if (config$tied) {
        lapply(all("encoder.1.weight"), t)
    } else {
        all("decoder.1.weight")
    }
    decoder <- do.call(rbind, decoder)
    weights <- lapply(models[[1L]]@weights, `*`, 0)
    for (name in names(weights)) {
        weights[[name]] <- switch(name,
            encoder.1.weight = unname(t(encoder)),
            encoder.1.bias = as.vector(bias),
            decoder.1.weight = unname(rowsum(decoder * sign, groups$group)) /
                length(models),
            Reduce(`+`, all(name)) / length(models))
    }
    if (config$latent_activation == "sigmoid") {
        # code d = (1 - (1 - code)) d
        weights$decoder.1.bias <- weights$decoder.1.bias +
            colSums(decoder[groups$turned, , drop = FALSE]) / length(models)
    }
    weights
}

# Returns list(projection).
.joinCodes <- function(models, x, args) {
    args <- args[names(args) %in% .newDataArguments()]
    codes <- suppressMessages(.memberCodes(models, x, args))
    center <- colMeans(codes)
    codes <- sweep(codes, 2L, center)
    member <- rep(seq_along(models), each = ncol(codes) / length(models))
    spread <- sqrt(as.vector(rowsum(colMeans(codes^2), member)))
    scale <- ifelse(spread > 0, spread, 1)[member]
    parts <- eigen(crossprod(sweep(codes, 2L, scale, "/")), symmetric = TRUE)
    kept <- seq_len(models[[1L]]@param@settings$latent)
    rotation <- parts$vectors[, kept, drop = FALSE]
    # the sign of a singular vector is free: the largest element is positive
    top <- cbind(apply(abs(rotation), 2L, which.max), kept)
    rotation <- sweep(rotation, 2L, sign(rotation[top]), "*")
    values <- pmax(parts$values, 0)
    list(projection = list(center = center, scale = scale,
        rotation = rotation, variance = values[kept] / sum(values)))
}

# Codes of all members side by side.
.memberCodes <- function(models, x, args) {
    codes <- lapply(models, .encodeNew, x = x, args = args)
    do.call(cbind, codes)
}

.encodeEnsemble <- function(ensemble, x, args) {
    if (ensemble$consensus == "weights") {
        return(.encodeNew(.checkModel(ensemble$model), x, args))
    }
    projection <- ensemble$projection
    codes <- .memberCodes(lapply(ensemble$members, .checkModel), x, args)
    codes <- sweep(sweep(codes, 2L, projection$center), 2L,
        projection$scale, "/")
    # one sample at a time: its bits do not depend on the others
    out <- t(vapply(seq_len(nrow(codes)), function(i) {
        colSums(projection$rotation * codes[i, ])
    }, numeric(ncol(projection$rotation))))
    dim(out) <- c(nrow(codes), ncol(projection$rotation))
    dimnames(out) <- list(rownames(codes), paste0("AE", seq_len(ncol(out))))
    out
}

#' @rdname ensembleAutoencoder
#' @method print aesop_ensemble
#' @export
print.aesop_ensemble <- function(x, ...) {
    first <- x$members[[1L]]
    cat("Ensemble of", .count(length(x$members), "network"),
        .networkText(first@param@settings, length(first@features)), "\n")
    if (x$consensus == "weights") {
        seen <- tapply(x$groups$member, x$groups$group, function(m) {
            length(unique(m)) / length(x$members)
        })
        cat("  consensus of weights; a code is found by",
            sprintf("%.0f%% of the members on average", 100 * mean(seen)),
            "\n")
    } else {
        cat("  consensus of codes;", sprintf(
            "%d columns hold %.0f%% of their variance",
            length(x$projection$variance),
            100 * sum(x$projection$variance)), "\n")
    }
    invisible(x)
}
