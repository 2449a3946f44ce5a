# The two data sets of the demonstration, both R packages of Bioconductor.

# Human skeletal muscle myoblasts, 271 cells over 72 hours of differentiation,
# single-cell RNA-seq, FPKM (Trapnell et al. 2014).
muscleCells <- function() {
    found <- new.env()
    utils::data(list = c("HSMM_expr_matrix", "HSMM_sample_sheet",
        "HSMM_gene_annotation"), package = "HSMMSingleCell", envir = found)
    fpkm <- found$HSMM_expr_matrix
    cells <- found$HSMM_sample_sheet[colnames(fpkm), ]
    genes <- found$HSMM_gene_annotation[rownames(fpkm), ]
    # More than 0.1 FPKM in 10 cells: what the origin calls expressed.
    expressed <- rowSums(fpkm > 0.1) >= 10L
    sce <- SingleCellExperiment(list(logcounts = log1p(fpkm[expressed, ])),
        colData = cells, rowData = genes[expressed, ])
    rownames(sce) <- make.unique(as.character(rowData(sce)$gene_short_name))
    keep <- mostVariable(logcounts(sce), most_features)
    list(name = "HSMMSingleCell", x = sce[keep, ],
        labels = list(Hours = factor(sce$Hours, ordered = TRUE),
            State = factor(sce$State)),
        notes = c("muscle cells at 0, 24, 48 and 72 hours, FPKM",
            paste("log1p of the", big(length(keep)), "most variable of",
                big(sum(expressed)), "expressed genes")))
}

# 128 patients with acute lymphoblastic leukaemia, Affymetrix arrays, RMA
# (Chiaretti et al. 2004). The known label: leukaemia of B or of T cells.
leukaemia <- function() {
    found <- new.env()
    utils::data(list = "ALL", package = "ALL", envir = found)
    x <- Biobase::exprs(found$ALL)
    keep <- mostVariable(x, most_features)
    list(name = "ALL", x = x[keep, ],
        labels = list(lineage = factor(substr(found$ALL$BT, 1L, 1L),
            c("B", "T"), c("B cells", "T cells"))),
        notes = c("leukaemia patients, bulk microarrays, log2 (RMA)",
            paste("the", big(length(keep)), "most variable of", big(nrow(x)),
                "probe sets")))
}
