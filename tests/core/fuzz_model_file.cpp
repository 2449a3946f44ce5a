// libFuzzer target: bytes -> parse -> use everything -> write -> parse again. run.sh builds and runs it with
// FUZZ=seconds. What may happen is an aesop::Error; a crash, a leak, another exception, a slow or a hungry
// input ends the run.
#include "core/error.h"
#include "core/model_schema.h"
#include "core/sha256.h"
#include "model_fixture.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace {

void require(bool condition) {
    if (!condition)
        std::abort();
}

fixture::Bytes bytes_of(const aesop::ModelFile &model) {
    return fixture::to_bytes(model);
}

// Makes header length and checksum right again, so that a mutation gets past them.
void repair(uint8_t *data, size_t size) {
    const std::string all(reinterpret_cast<const char *>(data), size);
    const auto end = all.rfind('}');
    if (size < 10 || end == std::string::npos || end < 8)
        return;
    uint64_t length = 0;
    std::memcpy(&length, data, 8);
    if (length > size - 8) {
        length = end + 1 - 8;
        std::memcpy(data, &length, 8);
    }
    const std::string key = "\"sha256\":\"";
    const auto at = all.find(key, 8);
    if (at == std::string::npos || at + key.size() + 64 > 8 + length)
        return;
    aesop::Sha256 hash;
    hash.update(data + 8 + length, size - 8 - length);
    const std::string digest = hash.finish();
    std::memcpy(data + at + key.size(), digest.data(), digest.size());
}

// One file for each sort of model, to start from.
void write_seeds(const std::string &directory) {
    std::vector<aesop::Config> configs(6, fixture::small_config());
    configs[1].loss = "nb";
    configs[2].tied = true;
    configs[3].batch_norm = true;
    configs[4].scale = "minmax";
    configs[5].hidden = {};
    configs[5].normalize = "log";
    int number = 0;
    for (const auto &config : configs) {
        const auto bytes = bytes_of(fixture::model_for(config, 3));
        std::ofstream out(directory + "/seed-" + std::to_string(++number), std::ios::binary);
        out.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
}

} // namespace

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) {
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % 4 != 0)
        repair(data, size);
    return size;
}

extern "C" int LLVMFuzzerInitialize(int *argc, char ***argv) {
    if (*argc == 3 && std::string((*argv)[1]) == "write-seeds") {
        write_seeds((*argv)[2]);
        std::exit(0);
    }
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    aesop::ModelFile model;
    try {
        aesop::BytesInMemory source(data, size);
        model = aesop::parse_model_file(source);
    } catch (const aesop::Error &error) {
        require(error.kind.rfind("format_", 0) == 0 || error.kind == "numeric");
        for (const char *c = error.what(); *c != '\0'; ++c)
            require(*c >= 0x20 && *c <= 0x7e);
        return 0;
    }
    double sum = 0;
    for (const auto &tensor : model.tensors)
        for (const double value : aesop::tensor_values(tensor))
            sum += value;
    static volatile double sink;
    sink = sum; // so that no value is left unread
    static_cast<void>(sink);

    const auto again = fixture::parse(bytes_of(model));
    require(again.tensors == model.tensors && again.metadata == model.metadata);
    require(bytes_of(again) == bytes_of(model));
    try {
        aesop::check_schema(model);
        aesop::check_tensor_values(model);
    } catch (const aesop::Error &error) {
        require(error.kind == "format_schema");
        return 0;
    }
    const auto config = aesop::config_from_json(aesop::parse_json(*model.find_metadata("config")));
    require(aesop::parameter_shapes(config, 1).size() > 0);
    return 0;
}
