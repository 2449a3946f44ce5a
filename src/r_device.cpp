#include "r_device.h"
#include "core/self_check.h"
#include "r_convert.h"

using namespace aesop;

namespace {

template <class Function>
Function *function_of(SEXP pointer) {
    if (TYPEOF(pointer) != EXTPTRSXP || !R_ExternalPtrAddrFn(pointer)) // null once it was saved or sent
        throw Error("device", "The CUDA backend cannot be called.")
            .with("sticky", 0)
            .with("reason", "its CUDA backend cannot be called");
    return reinterpret_cast<Function *>(R_ExternalPtrAddrFn(pointer));
}

constexpr int kText = 1024;
constexpr double kGiB = 1073741824;

int precision_from_r(const Rcpp::List &control) {
    SEXP name = element(control, "precision");
    std::string precision = Rf_isNull(name) ? "float32" : Rcpp::as<std::string>(name);
    return precision == "tf32" ? AESOP_CUDA_TF32 : precision == "bf16" ? AESOP_CUDA_BF16 : AESOP_CUDA_FLOAT32;
}

std::string cuda_version(int v) {
    return v <= 0 ? "" : std::to_string(v / 1000) + "." + std::to_string(v % 1000 / 10);
}

} // namespace

ComputeDevice::ComputeDevice(const Rcpp::List &control) {
    SEXP device = element(control, "device");
    if (Rf_isNull(device)) {
        cpu_ = std::make_unique<CpuBackend>(threads_from_r(control));
        table_ = &cpu_->table();
        return;
    }
    Rcpp::List gpu(device);
    char message[kText] = "";
    const void *table = nullptr;
    auto open = function_of<aesop_cuda_open_function>(element(gpu, "open"));
    auto close = function_of<aesop_cuda_close_function>(element(gpu, "close"));
    int answer =
        open(Rcpp::as<int>(element(gpu, "number")), precision_from_r(control), &table, message, kText);
    if (answer == AESOP_CUDA_FORKED)
        throw Error("fork", message);
    if (answer != AESOP_CUDA_OPENED)
        throw Error("device", std::string(message) + ". Use device = \"cpu\".")
            .with("code", answer == AESOP_CUDA_MEMORY ? "out_of_memory" : "unusable")
            .with("sticky", 0)
            .with("reason", message);
    table_ = static_cast<const Backend<float> *>(table);
    close_ = close;
}

ComputeDevice::~ComputeDevice() {
    if (close_)
        close_(table_);
}

// [[Rcpp::export(rng = false)]]
bool cuda_version_fits(SEXP version) {
    return guarded([&] { return function_of<aesop_cuda_version_function>(version)() == kBackendVersion; });
}

// What is wrong with the numbers of control's device in its precision; "" if nothing is.
// [[Rcpp::export(rng = false)]]
std::string device_self_check(Rcpp::List control) {
    return guarded([&] { return self_check(ComputeDevice(control).table()); });
}

// list(devices, reason): a list of columns with one value per GPU; why there is none.
// [[Rcpp::export(rng = false)]]
Rcpp::List cuda_devices(SEXP devices) {
    return guarded([&] {
        aesop_cuda_device found[64];
        char reason[kText] = "";
        int n = function_of<aesop_cuda_devices_function>(devices)(found, 64, reason, kText);
        std::vector<std::string> name, capability, driver, runtime, why;
        std::vector<double> memory, free;
        for (int i = 0; i < std::min(n, 64); i++) {
            const aesop_cuda_device &d = found[i];
            name.push_back(d.name), why.push_back(d.reason);
            memory.push_back(double(d.total_memory) / kGiB), free.push_back(double(d.free_memory) / kGiB);
            capability.push_back(std::to_string(d.major) + "." + std::to_string(d.minor));
            driver.push_back(cuda_version(d.driver)), runtime.push_back(cuda_version(d.runtime));
        }
        return Rcpp::List::create(Rcpp::_["devices"] = Rcpp::List::create(
                                      Rcpp::_["name"] = name, Rcpp::_["memory_gb"] = memory,
                                      Rcpp::_["free_gb"] = free, Rcpp::_["capability"] = capability,
                                      Rcpp::_["driver"] = driver, Rcpp::_["runtime"] = runtime,
                                      Rcpp::_["reason"] = why),
                                  Rcpp::_["reason"] = reason);
    });
}
