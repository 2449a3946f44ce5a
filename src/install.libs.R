# What R does by itself where there is no such file, and the CUDA backend beside
# it: not in libs/, whose files must register routines for R.
libraries <- file.path(R_PACKAGE_DIR, paste0("libs", R_ARCH))
dir.create(libraries, recursive = TRUE, showWarnings = FALSE)
file.copy(Sys.glob(paste0("*", SHLIB_EXT)), libraries, overwrite = TRUE)
if (file.exists("symbols.rds")) {
    file.copy("symbols.rds", libraries, overwrite = TRUE)
}
plugin <- file.path("cuda", "aesop_cuda.so")
if (file.exists(plugin)) {
    backends <- file.path(R_PACKAGE_DIR, "backends")
    dir.create(backends, recursive = TRUE, showWarnings = FALSE)
    file.copy(plugin, backends, overwrite = TRUE)
}
