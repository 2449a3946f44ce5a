#' Plot a network of features
#'
#' Draws the edges of [featureNetwork()]: blue for a positive, orange and
#' dashed for a negative correlation of the weights. Features with many edges
#' are large, and the largest have names.
#'
#' @param graph The result of [featureNetwork()], a data frame of edges or an
#'     igraph.
#' @param n Number of features with the most edges that are named, at least 0.
#' @param max_edges If there are more edges than this, the strongest so many
#'     are drawn. At least 1.
#' @param seed Of the layout, a whole number; R's generator is left alone.
#'
#' @details
#' The layout is that of Fruchterman and Reingold (1991) for each connected part
#' by itself. Features without an edge are not drawn; their number is told below
#' the title.
#'
#' @section Errors:
#' `aesop_error_package` if ggplot2, igraph or withr are not installed;
#' `aesop_error_param` for the arguments, and for a network without edges.
#'
#' @returns A ggplot object.
#' @references Fruchterman T.M.J., Reingold E.M. (1991) Graph drawing by
#' force-directed placement. Software: Practice and Experience 21, 1129-1164.
#' @seealso [featureNetwork()]
#' @export
#' @examples
#' if (requireNamespace("ggplot2", quietly = TRUE) &&
#'     requireNamespace("igraph", quietly = TRUE)) {
#'     x <- matrix(rnorm(40 * 60), nrow = 40,
#'         dimnames = list(paste0("gene", 1:40), NULL))
#'     model <- trainAutoencoder(x, vanillaParam(latent = 8), epochs = 20,
#'         seed = 1)
#'     plotFeatureNetwork(featureNetwork(model, cutoff = 0.6))
#' }
plotFeatureNetwork <- function(graph, n = 15, max_edges = 1000, seed = 1) {
    .needPackage("ggplot2", "plotFeatureNetwork()")
    .needPackage("igraph", "plotFeatureNetwork()")
    .needPackage("withr", "plotFeatureNetwork()")
    n <- .checkNumber(n, "n", lower = 0, integer = TRUE)
    max_edges <- .checkNumber(max_edges, "max_edges", lower = 1,
        integer = TRUE)
    seed <- .checkSeed(seed)
    network <- .networkEdges(graph)
    total <- nrow(network$edges)
    edges <- network$edges[order(-abs(network$edges$correlation)), ]
    edges <- utils::head(edges, max_edges)
    drawn <- igraph::graph_from_data_frame(edges, directed = FALSE)
    place <- withr::with_seed(seed %% 2^31, igraph::layout_components(drawn,
        layout = igraph::layout_with_fr))
    nodes <- data.frame(x = place[, 1L], y = place[, 2L],
        name = igraph::V(drawn)$name, degree = igraph::degree(drawn))
    from <- match(edges$feature1, nodes$name)
    to <- match(edges$feature2, nodes$name)
    lines <- data.frame(x = nodes$x[from], y = nodes$y[from],
        xend = nodes$x[to], yend = nodes$y[to],
        sign = factor(ifelse(edges$correlation < 0, "negative", "positive"),
            c("positive", "negative")))
    hubs <- utils::head(nodes[order(-nodes$degree), ], n)
    ggplot2::ggplot() +
        ggplot2::geom_segment(ggplot2::aes(x = .data$x, y = .data$y,
            xend = .data$xend, yend = .data$yend, colour = .data$sign,
            linetype = .data$sign), data = lines, linewidth = 0.35,
            alpha = if (nrow(lines) > 300L) 0.6 else 0.8) +
        ggplot2::geom_point(ggplot2::aes(x = .data$x, y = .data$y,
            size = .data$degree), data = nodes, shape = 21L, fill = "grey30",
            colour = "white", stroke = 0.2) +
        .nameLayer(hubs) +
        ggplot2::scale_colour_manual(name = "correlation", drop = FALSE,
            values = c(positive = .blue, negative = .orange)) +
        ggplot2::scale_linetype_manual(name = "correlation", drop = FALSE,
            values = c(positive = "solid", negative = "dashed")) +
        ggplot2::scale_size_area(name = "edges",
            max_size = max(1.5, min(4, 60 / sqrt(nrow(nodes)))),
            breaks = .wholeBreaks) +
        ggplot2::guides(colour = ggplot2::guide_legend(
            override.aes = list(alpha = 1, linewidth = 0.7))) +
        ggplot2::labs(subtitle = .networkSize(total, nrow(edges),
            network$features, nrow(nodes))) +
        ggplot2::theme_void(base_size = 11) +
        ggplot2::theme(plot.title.position = "plot",
            plot.subtitle = ggplot2::element_text(size = 9),
            plot.background = ggplot2::element_rect(fill = "white",
                colour = NA),
            plot.margin = ggplot2::margin(6, 6, 6, 6))
}

.networkSize <- function(total, edges, features, nodes) {
    text <- paste(.count(nodes, "feature"), "and", .count(edges, "edge"))
    if (edges < total) {
        text <- sprintf("%s, the strongest of %s", text, .number(total))
    }
    if (features > nodes) {
        text <- sprintf("%s; %s without an edge here", text,
            .count(features - nodes, "feature"))
    }
    text
}

# list(edges, features): the edges as featureNetwork() tells them, and how many
# features there are, as far as the network knows them.
.networkEdges <- function(graph) {
    allowed <- "the result of featureNetwork(), with some edges"
    if (inherits(graph, "igraph")) {
        features <- igraph::vcount(graph)
        table <- igraph::as_data_frame(graph, "edges")
        correlation <- table$correlation
        edges <- data.frame(feature1 = as.character(table$from),
            feature2 = as.character(table$to),
            correlation = if (is.null(correlation)) {
                rep(1, nrow(table))
            } else {
                correlation
            })
    } else {
        .checkTable(graph, c("feature1", "feature2", "correlation"), "graph",
            "featureNetwork()")
        edges <- graph[c("feature1", "feature2", "correlation")]
        features <- length(unique(c(edges$feature1, edges$feature2)))
    }
    if (nrow(edges) == 0L) {
        .abortParam("graph", "a network without edges", allowed,
            "Lower the `cutoff` of featureNetwork().")
    }
    list(edges = edges, features = features)
}
