# I3: no argument of any exported function, whatever it is given, leads to
# anything but success or a classed error that names it.

calls <- baseCalls()

test_that("every exported function has a call here", {
    exports <- getNamespaceExports("aesop")
    exports <- exports[!startsWith(exports, ".")]
    tested <- unique(sub("_(sce|train|codes|model|design|list)$", "",
        names(calls)))
    expect_identical(sort(setdiff(exports, tested)), character(0))
})

test_that("every argument of these functions is tested", {
    for (name in names(calls)) {
        if (grepl("_(sce|train|codes|model|design|list)$", name)) {
            next
        }
        f <- calls[[name]][[1L]]
        if (is(f, "standardGeneric")) {
            f <- getMethod(name, switch(name, decode = "AutoencoderModel",
                runAutoencoder = "SingleCellExperiment", "ANY"))
            body <- body(f@.Data)
            local <- if (is.call(body) && is.call(body[[2L]])) {
                body[[2L]][[3L]]
            }
            formals <- names(formals(if (is.call(local)) {
                eval(local)
            } else {
                f
            }))
        } else {
            formals <- names(formals(f))
            method <- utils::getS3method(name, "AutoencoderModel",
                optional = TRUE, envir = asNamespace("aesop"))
            if (!is.null(method)) {
                formals <- names(formals(method))
            }
        }
        missing <- setdiff(formals, c("...", names(calls[[name]][[2L]])))
        expect_identical(paste(name, missing)[seq_along(missing)],
            character(0))
    }
})

for (name in names(calls)) {
    test_that(paste("hostile arguments are classed errors:", name), {
        call <- calls[[name]]
        expect_error(capture.output(suppressMessages(do.call(call[[1L]],
            call[[2L]], quote = TRUE))), NA)
        withr::local_dir(withr::local_tempdir())
        values <- hostileValues()
        arguments <- setdiff(names(call[[2L]]), dispatchArgument(name))
        problems <- unlist(lapply(arguments, function(arg) {
            lapply(names(values), function(label) {
                judgeCall(name, call, arg, values[[label]], label)
            })
        }))
        expect_identical(length(problems), 0L,
            info = paste(utils::head(problems, 40L), collapse = "\n"))
    })
}

test_that("unknown arguments are named and the nearest is suggested", {
    x <- toyGaussian()
    model <- toyModel(x)
    expectAesopError(AutoencoderParam(hiden = 3), "param",
        c("hiden", "hidden"))
    expectAesopError(trainAutoencoder(x, epoch = 3), "param",
        c("epoch", "epochs"))
    expectAesopError(encode(model, x, transpose = TRUE), "param",
        "transpose")
    expectAesopError(predict(model, x, type = "codes"), "param",
        c("type", "code"))
    expectAesopError(AutoencoderParam(loss = "zip"), "param",
        c("loss", "zip", "zinb"))
    expectAesopError(AutoencoderParam(activation = "swish"), "param",
        c("activation", "swish", "relu"))
    expectAesopError(trainAutoencoder(x, AutoencoderParam(), 3), "param")
})

test_that("settings out of range name the argument, the value and the range", {
    bad <- list(latent = 0, hidden = -1, dropout = 1, dropout = -0.1,
        input_dropout = 1, learning_rate = 0, beta1 = 1, beta2 = 1.5,
        rho = -1, epsilon = 0, momentum = 1, weight_decay = -1,
        clip_norm = -1, clip_value = -1, l1 = -1, l2 = -1, activity_l1 = -1,
        epochs = -1, epochs = 2.5, batch_size = 0, validation = 1,
        validation = -0.1, patience = -1, min_delta = -1, max_seconds = -1,
        huber_delta = 0, leaky_slope = 2, schedule_every = 0,
        schedule_factor = 0, one_cycle_fraction = 1, one_cycle_divisor = 0.5,
        warmup_epochs = -1, initialization_scale = 0,
        batch_norm_momentum = 1, batch_norm_epsilon = 0)
    for (i in seq_along(bad)) {
        condition <- expectAesopError(do.call(AutoencoderParam, bad[i]),
            "param", names(bad)[i], arg = names(bad)[i])
        expect_true(all(c("arg", "value", "allowed") %in%
            names(condition)), label = names(bad)[i])
    }
})

test_that("settings that contradict each other are refused", {
    expectAesopError(AutoencoderParam(tied = TRUE, decoder_hidden = 5),
        "param", c("decoder_hidden", "tied"))
    expectAesopError(AutoencoderParam(loss = "nb",
        output_activation = "relu"), "param", "output_activation")
    expectAesopError(AutoencoderParam(latent = 3, ncomponents = 4), "param",
        c("ncomponents", "latent"))
    expect_identical(as.list(AutoencoderParam(ncomponents = 4))$latent, 4L)
})

test_that("values of the wrong range of data are refused by the loss", {
    # binary cross-entropy is defined on 0 to 1 only
    x <- toyGaussian()
    expectAesopError(fitQuiet(x, loss = "bce", scale = "none"),
        "input_value", c("gene", "cell"))
})
