# I3: for every exported function a call that works, whose arguments the tests
# replace one by one by hostile values.

hostileValues <- function() {
    list(null = NULL, na = NA, na_real = NA_real_, nan = NaN, inf = Inf,
        minus_inf = -Inf, minus_one = -1, zero = 0, half = 0.5, one = 1,
        huge = 1e10, string = "a", empty_string = "", na_string =
            NA_character_, true = TRUE, false = FALSE,
        no_strings = character(0), no_numbers = numeric(0), list = list(),
        two = c(1, 2), two_strings = c("a", "b"), matrix = matrix(1, 2L, 2L),
        factor = factor("a"), formula = y ~ x, function_ = mean,
        nested = list(a = list(1)), date = as.Date("2020-01-01"),
        int64 = structure(1, class = "integer64"), many = seq_len(100L),
        percent = "%s%n", long = strrep("x", 1e4))
}

# name -> list(call, args). `call` is what is called; args are valid.
baseCalls <- function() {
    x <- toyGaussian(8L, 24L)
    counts <- toyCounts(8L, 24L)
    settings <- list(hidden = 4L, latent = 2L, epochs = 2L, batch_size = 8L,
        seed = 1, verbose = FALSE)
    model <- do.call(trainAutoencoder, c(list(x), settings))
    codes <- encode(model, x)
    sce <- toySce(counts)
    sce <- do.call(runAutoencoder, c(list(sce), settings))
    file <- file.path(tempdir(), "arguments.safetensors")
    saveModel(model, file)
    fit <- c(list(x = x, param = NULL, subset_row = NULL, transposed = FALSE,
        size_factors = NULL, ncomponents = NULL, num_threads = NULL,
        device = "auto", on_interrupt = "return", memory_limit = NULL,
        design = NULL, covariates = NULL, checkpoint = NULL,
        precision = "float32"), settings)
    where <- list(assay.type = NULL, exprs_values = NULL, altexp = NULL,
        dimred = NULL, n_dimred = NULL)
    new <- list(match = "name", num_threads = NULL, device = "auto",
        transposed = FALSE, size_factors = NULL, memory_limit = NULL)
    calls <- list(
        trainAutoencoder = list(trainAutoencoder, fit),
        trainAutoencoder_sce = list(trainAutoencoder,
            c(list(x = sce), where, settings)),
        runAutoencoder = list(runAutoencoder,
            c(list(x = sce, param = NULL, name = "AE"), where, settings)),
        encode = list(encode, c(list(model = model, x = x), new)),
        encode_sce = list(encode, c(list(model = model, x = sce),
            where)),
        reconstruct = list(reconstruct, c(list(model = model, x = x), new)),
        decode = list(decode, list(x = model, codes = codes,
            covariates = NULL, num_threads = NULL)),
        predict = list(predict, c(list(object = model, newdata = x,
            type = "code"), new)),
        fitted = list(fitted, c(list(object = model, x = x), new)),
        residuals = list(residuals, c(list(object = model, x = x,
            type = "response"), new)),
        summary = list(summary, list(object = model)),
        cudaInfo = list(cudaInfo, list()),
        show = list(show, list(object = model)),
        saveModel = list(saveModel, list(model = model, path = file)),
        loadModel = list(loadModel, list(path = file)),
        clusterCodes = list(clusterCodes, list(x = codes, data = NULL,
            BLUSPARAM = NULL, dimred = "AE", name = "cluster")),
        clusterCodes_sce = list(clusterCodes, list(x = sce,
            BLUSPARAM = NULL, dimred = "AE", name = "cluster")),
        clusterCodes_model = list(clusterCodes, c(list(x = model, data = x),
            new)),
        findOutliers = list(findOutliers, c(list(x = x, model = model,
            level = "sample", method = "density", alpha = 0.05,
            contamination = 0.05, adjust = "BH", param = NULL, name = "AE",
            output = "auto"), new)),
        findOutliers_train = list(findOutliers, c(list(x = x,
            level = "feature", method = "t", alpha = 0.1), settings)),
        applyNoise = list(applyNoise, list(x = x, noise = maskingNoise(),
            seed = 1, epoch = 1)),
        optimizerStep = list(optimizerStep, list(optimizer = adam(),
            weights = 1:3, gradient = 1:3, state = NULL, step = 1)),
        huberLoss = list(huberLoss, list(delta = 1)),
        negativeBinomialLoss = list(negativeBinomialLoss,
            list(dispersion = "feature")),
        earlyStopping = list(earlyStopping, list(patience = 3,
            min_delta = 0)),
        linearParam = list(linearParam, list(latent = 3, neighbours = 10,
            normalize = NULL, scale = NULL, design = NULL)),
        vanillaParam = list(vanillaParam, list(latent = 3)),
        deepParam = list(deepParam, list(latent = 3)),
        denoisingParam = list(denoisingParam, list(noise = maskingNoise(),
            latent = 3)),
        noNoise = list(noNoise, list()),
        autoencoderDefaults = list(autoencoderDefaults, list())
    )
    calls <- c(calls, searchCalls(x, model, settings),
        kindCalls(counts, new, where), workflowCalls(x, model, codes, new),
        associationCalls(x, model, codes))
    if (requireNamespace("ggplot2", quietly = TRUE)) {
        calls <- c(calls, list(
            plotHistory = list(plotHistory, list(model = model, log = FALSE,
                name = "AE")),
            plotCodes = list(plotCodes, list(x = codes, data = NULL,
                colour_by = NULL, method = "codes", dimred = "AE",
                size = 1, seed = 1)),
            plotCodes_model = list(plotCodes, list(x = model, data = x,
                colour_by = "gene1")),
            autoplot = list(ggplot2::autoplot, list(object = model,
                type = "history", data = x)),
            autoplot_codes = list(ggplot2::autoplot, list(object = model,
                type = "codes", data = x))), pictureCalls(x, model, codes))
    }
    for (name in c("maskingNoise", "onesNoise", "gaussianNoise",
        "cauchyNoise", "saltPepperNoise", "swapNoise", "thinningNoise", "sgd",
        "rmsprop", "adagrad", "adadelta", "adam", "adamW", "constantRate",
        "stepDecay", "exponentialDecay", "cosineDecay", "oneCycle",
        "reduceOnPlateau", "warmUp")) {
        f <- get(name, envir = asNamespace("aesop"))
        calls[[name]] <- list(f, as.list(formals(f)))
        calls[[name]][[2L]] <- lapply(calls[[name]][[2L]], eval,
            envir = asNamespace("aesop"))
    }
    calls <- c(calls, layerCalls())
    defaults <- autoencoderDefaults()
    calls$AutoencoderParam <- list(AutoencoderParam,
        c(lapply(formals(AutoencoderParam)[setdiff(
            names(formals(AutoencoderParam)), "...")], eval),
        defaults[setdiff(names(defaults), c(names(formals(AutoencoderParam)),
            "decoder_mirrored"))]))
    calls
}

# Calls of the functions that draw.
pictureCalls <- function(x, model, codes) {
    aberrant <- findAberrantFeatures(x, latent = 2)
    edges <- data.frame(feature1 = c("a", "b"), feature2 = c("b", "c"),
        correlation = c(0.9, -0.8))
    choice <- structure(list(k = 2L, table = data.frame(k = 2:4,
        silhouette = c(0.5, 0.4, 0.3))), class = "aesop_clusters")
    calls <- list(
        plotCodeDistributions = list(plotCodeDistributions, list(x = codes,
            data = NULL, colour_by = NULL, dimred = "AE")),
        plotActivity = list(plotActivity, list(x = codes, data = NULL, n = 1,
            threshold = 0, dimred = "AE")),
        plotReconstruction = list(plotReconstruction, list(model = model,
            data = x, samples = NULL, as = "auto", features = NULL, n = 5,
            shape = NULL)),
        plotFeatureErrors = list(plotFeatureErrors, list(model = model,
            data = x, n = 5, measure = "mean_absolute_error")),
        plotAberrant = list(plotAberrant, list(table = aberrant,
            type = "volcano", sample = NULL, feature = NULL, n = 2,
            conf = 0.95)),
        plotOutliers = list(plotOutliers, list(table = data.frame(
            sample = c("a", "b"), score = 1:2, threshold = 1.5,
            outlier = c(FALSE, TRUE)), n = 1, log = FALSE)),
        plotSignatures = list(plotSignatures, list(x = model, data = x, n = 2,
            codes = NULL)),
        plotClusterChoice = list(plotClusterChoice, list(choice = choice)))
    if (requireNamespace("igraph", quietly = TRUE)) {
        calls$plotFeatureNetwork <- list(plotFeatureNetwork, list(
            graph = edges, n = 2, max_edges = 10, seed = 1))
    }
    calls
}

# Calls of the functions that search settings or read and join networks.
searchCalls <- function(x, model, settings) {
    network <- file.path(tempdir(), "network.txt")
    writeLines(c("layer 1", "weight matrix", "1\t2", "3\t4",
        "hidden bias vector", "0", "0", "visible bias vector", "0", "0"),
        network)
    settings$verbose <- NULL
    calls <- list(
        importAdage = list(importAdage, list(path = network,
            features = NULL)),
        featureSignatures = list(featureSignatures, list(model = model,
            cutoff = 2, codes = NULL, weights = "gradient", data = x,
            top = NULL)),
        adageParam = list(adageParam, list(latent = 3)),
        textbookParam = list(textbookParam, list(original = FALSE)),
        chooseLatent = list(chooseLatent, list(x = x, method = "parallel",
            param = NULL, permutations = 2, seed = 1)),
        findLearningRate = list(findLearningRate, list(x = x, param = NULL,
            from = 1e-6, to = 1, steps = 20, seed = 1)),
        tuneAutoencoder = list(tuneAutoencoder, c(list(x = x,
            grid = list(l2 = c(0, 0.1)), param = NULL, search = "grid",
            n = 2, metric = "loss", maximize = FALSE, BPPARAM = NULL,
            refit = TRUE), settings)))
    if (requireNamespace("cluster", quietly = TRUE)) {
        settings$hidden <- integer(0)
        calls$ensembleAutoencoder <- list(ensembleAutoencoder,
            c(list(x = x, param = NULL, members = 2, consensus = "weights",
                BPPARAM = NULL), settings))
    }
    calls
}

# Calls of the functions for special kinds of autoencoder.
kindCalls <- function(counts, new, where) {
    settings <- list(hidden = 4L, latent = 2L, epochs = 2L, batch_size = 8L,
        seed = 1, verbose = FALSE)
    fit <- function(param) {
        do.call(trainAutoencoder, c(list(counts, param), settings))
    }
    entries <- fit(countParam("zinb", "entry"))
    sce <- toySce(counts)
    list(
        denoise = list(denoise, c(list(model = entries, x = counts,
            type = "mean", impute = "all", name = "denoised"), new)),
        denoise_sce = list(denoise, c(list(model = entries, x = sce,
            type = "normalized", impute = "technical_zeros",
            name = "denoised"), where)),
        dropoutProbability = list(dropoutProbability, c(list(
            model = entries, x = counts), new)),
        dispersions = list(dispersions, c(list(model = entries, x = counts),
            new)),
        sampleAutoencoder = list(sampleAutoencoder, list(
            model = fit(variationalParam()), n = 3, seed = 1)),
        correntropyLoss = list(correntropyLoss, list(width = 1)),
        zeroInflatedLoss = list(zeroInflatedLoss, list(
            dispersion = "feature", zero_ridge = 0)),
        sparseParam = list(sparseParam, list(rho = 0.1, weight = 1)),
        contractiveParam = list(contractiveParam, list(weight = 1)),
        variationalParam = list(variationalParam, list(beta = 1,
            kappa = 0.1)),
        countParam = list(countParam, list(loss = "nb",
            dispersion = "feature")),
        tybaltParam = list(tybaltParam, list(latent = 3)),
        dcaParam = list(dcaParam, list(loss = "nb", dispersion = "entry")),
        nuwaParam = list(nuwaParam, list(latent = 3))
    )
}

# Calls of the functions that work in several fits, or on codes.
workflowCalls <- function(x, model, codes, new) {
    settings <- list(latent = 2L, epochs = 2L, batch_size = 8L, seed = 1,
        verbose = FALSE)
    frame <- data.frame(batch = rep_len(c("a", "b"), ncol(x)))
    conditional <- do.call(trainAutoencoder, c(list(x, design = ~ batch,
        covariates = frame), settings))
    parts <- list(a = x, b = x[1:4, ])
    joint <- do.call(trainAutoencoder, c(list(parts), settings))
    wide <- toyGaussian(8L, 60L)
    calls <- list(
        trainAutoencoder_design = list(trainAutoencoder, c(list(x = x,
            design = ~ batch, covariates = frame, condition = "both"),
            settings)),
        encode_design = list(encode, list(model = conditional, x = x,
            covariates = frame)),
        trainAutoencoder_list = list(trainAutoencoder, c(list(x = parts,
            param = NULL), settings)),
        encode_list = list(encode, list(model = joint, x = parts,
            missing = "error")),
        assayParam = list(assayParam, list(hidden = 3, loss = "nb",
            output_activation = NULL, normalize = "log", scale = "none",
            loss_reduction = "mean", dispersion = "feature", weight = 1)),
        multimodalParam = list(multimodalParam, list(
            assays = list(a = assayParam()), latent = 2)),
        robustParam = list(robustParam, list(lambda = 1, sparse = "entry",
            rounds = 2)),
        robustDecomposition = list(robustDecomposition, c(list(model = model,
            x = x, lambda = NULL, sparse = NULL, max_rounds = 2), new)),
        stackedParam = list(stackedParam, list(hidden = 4, latent = 2,
            pretrain_epochs = 2, activation = "sigmoid",
            latent_activation = "sigmoid", sparsity = 0.1,
            sparsity_target = 0.1)),
        trainMore = list(trainMore, list(model = model, x = x, epochs = 1,
            seed = 1, verbose = FALSE)),
        fineTune = list(fineTune, list(model = model, x = x,
            freeze = "encoder", epochs = 1, seed = 1, min_overlap = 0.5,
            verbose = FALSE)),
        nodeActivity = list(nodeActivity, list(x = codes, data = NULL,
            dimred = "AE", threshold = 0)),
        featureErrors = list(featureErrors, c(list(model = model, x = x),
            new)),
        findAberrantFeatures = list(findAberrantFeatures, list(x = x,
            model = NULL, alpha = 0.05, method = "t", adjust = "BY",
            all = TRUE, output = "auto", name = "AE", latent = 2,
            scale = "standard", normalize = "none", size_factors = NULL, subset_row = NULL,
            seed = 1, verbose = FALSE)),
        findAberrantFeatures_model = list(findAberrantFeatures, c(list(
            x = x, model = fitAberrant(x, model)), new)),
        fitAberrant = list(fitAberrant, list(x = x, model = model,
            method = "t")),
        fitNovelty = list(fitNovelty, list(x = wide, model = NULL,
            method = "density", calibration = 0.5, param = NULL, seed = 1)),
        fitNovelty_model = list(fitNovelty, c(list(x = wide, model = model,
            method = "error", seed = 1), new)),
        scoreNovelty = list(scoreNovelty, c(list(model = fitNovelty(wide,
            method = "density", seed = 1), newdata = x, alpha = 0.05,
            adjust = "none", name = "AE"), new))
    )
    if (requireNamespace("bluster", quietly = TRUE)) {
        calls$chooseClusters <- list(chooseClusters, list(x = codes,
            data = NULL, k = 2:3, dimred = "AE", seed = 1, resamples = 1,
            references = 0))
        ensemble <- ensembleAutoencoder(x, latent = 2L, members = 2,
            consensus = "codes", epochs = 2L, seed = 1)
        calls$consensusClusters <- list(consensusClusters, list(
            ensemble = ensemble, x = x, k = 2, BLUSPARAM = NULL,
            name = "AE", seed = 1))
    }
    calls
}

# Calls of the functions that relate codes and features to what is known.
associationCalls <- function(x, model, codes) {
    wide <- trainAutoencoder(x, latent = 4L, epochs = 2L, seed = 1,
        verbose = FALSE)
    annotation <- data.frame(group = rep_len(c("a", "b"), nrow(codes)),
        age = seq_len(nrow(codes)))
    list(
        annotateNodes = list(annotateNodes, list(x = codes, data = NULL,
            colData = annotation, dimred = "AE", min_samples = 5)),
        testFeatureSets = list(testFeatureSets, list(
            signatures = list(s = c("a", "b")), sets = list(t = c("b", "c")),
            universe = letters, min_size = 1, max_size = 10,
            split = "direction", cutoff = 2)),
        testFeatureSets_model = list(testFeatureSets, list(
            signatures = model, sets = list(t = model@features[1:3]),
            cutoff = 1, data = x)),
        signatureOverlap = list(signatureOverlap, list(
            signatures = list(s = c("a", "b"), t = "a"), universe = letters,
            split = "direction", cutoff = 2)),
        removeRedundantSignatures = list(removeRedundantSignatures, list(
            signatures = list(s = c("a", "b"), t = "a"), threshold = 0.5,
            measure = "jaccard", split = "direction", cutoff = 2)),
        differentialActivity = list(differentialActivity, list(x = codes,
            groups = "group", data = NULL, colData = annotation,
            method = "auto", dimred = "AE")),
        differentialActivity_design = list(differentialActivity, list(
            x = codes, groups = ~ age + group, colData = annotation,
            method = "ordinary")),
        featureNetwork = list(featureNetwork, list(model = wide,
            cutoff = 0.5, features = NULL, output = "data.frame",
            weights = "gradient", data = x)),
        associationRules = list(associationRules, list(active = codes,
            min_support = 0.1, min_confidence = 0.8, min_lift = 0,
            max_items = 3, threshold = 0, engine = "builtin"))
    )
}

# Arguments by which a generic of another package chooses its method: what it
# does with other objects is not ours. Nor is what a user's function does.
dispatchArgument <- function(name) {
    switch(sub("_.*", "", name), decode = "x", tuneAutoencoder = "metric",
        predict = , fitted = ,
        residuals = , summary = , show = , autoplot = "object", "")
}

# What happens when `arg` of a call is `value`: NULL if it is allowed, else
# one line that says what is wrong.
judgeCall <- function(name, call, arg, value, label) {
    args <- call[[2L]]
    args[arg] <- list(value)
    outcome <- tryCatch({
        utils::capture.output(suppressMessages(withCallingHandlers(
            do.call(call[[1L]], args, quote = TRUE),
            warning = function(w) {
                if (inherits(w, "aesop_warning")) {
                    invokeRestart("muffleWarning")
                }
            })))
        NULL
    }, warning = identity, error = identity)
    where <- sprintf("%s(%s = %s)", name, arg, label)
    if (is.null(outcome)) {
        return(NULL)
    }
    text <- substr(conditionMessage(outcome), 1L, 120L)
    if (!inherits(outcome, "aesop_error")) {
        return(sprintf("%s: %s: %s", where, class(outcome)[1L], text))
    }
    # of a file the name itself is told
    if (arg == "path" && inherits(outcome, c("aesop_error_io",
        "aesop_error_format"))) {
        return(NULL)
    }
    named <- namesArgument(conditionMessage(outcome), arg) ||
        # other data may be at odds with another argument that was given
        (arg %in% c("x", "data", "newdata", "model", "subset_row",
            "transposed", "weights", "altexp", "dimred", "n_dimred",
            "assay.type") &&
            (isTRUE(outcome$arg %in% names(args)) ||
                inherits(outcome, "aesop_error_features")))
    if (!named) {
        return(sprintf("%s does not name the argument: %s", where, text))
    }
    NULL
}

# The message must hold the argument's name as a word of its own. Data are
# also known under the name that the underlying verb gives them.
namesArgument <- function(message, arg) {
    known <- c(arg, switch(arg, data = "x", newdata = "x", object = "model",
        exprs_values = "assay.type", param = "AutoencoderParam",
        ncomponents = "latent", validation_split = "validation_split"))
    any(vapply(known, function(name) {
        grepl(paste0("(^|[^A-Za-z_.])", gsub(".", "\\.", name, fixed = TRUE),
            "($|[^A-Za-z_])"), message)
    }, logical(1L)))
}
