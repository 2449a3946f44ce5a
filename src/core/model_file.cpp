#include "model_file.h"

#include "atomic_file.h"
#include "error.h"
#include "json.h"
#include "sha256.h"
#include "text.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <numeric>
#include <stdexcept>

namespace aesop {

namespace {

constexpr uint64_t kPrefix = 8; // bytes of the header's length

// A header has few values (each tensor at most ten), so a bomb of tiny ones is cut early.
constexpr std::size_t kMostHeaderValues = 1u << 17;

Error bad(const char *kind, const char *reason, const std::string &message) {
    return Error(kind, message + " [" + reason + "]").with("reason", reason);
}

// What a file without a header probably is, as people do mix files up; else `otherwise`.
std::string describe_start(const unsigned char *start, const char *otherwise) {
    struct Magic {
        std::string_view bytes;
        const char *meaning;
    };
    static const Magic known[] = {
        {"\x1f\x8b", "it looks like a gzip file, perhaps one made by saveRDS() or save()"},
        {"BZh", "it looks like a bzip2 file, perhaps one made by saveRDS() or save()"},
        {"\xfd"
         "7zXZ",
         "it looks like an xz file, perhaps one made by saveRDS() or save()"},
        {"RDX", "it looks like a file made by save()"},
        {"X\n", "it looks like a file made by saveRDS()"},
        {"PK\x03\x04", "it looks like a zip file, as PyTorch and Keras write"},
        {"\x89HDF", "it looks like an HDF5 file"},
        {"\x80\x02", "it looks like a Python pickle"},
        {"\x80\x04", "it looks like a Python pickle"},
    };
    const std::string_view found(reinterpret_cast<const char *>(start), kPrefix);
    for (const auto &magic : known)
        if (found.substr(0, magic.bytes.size()) == magic.bytes)
            return std::string("this is no aesop model: ") + magic.meaning;
    return otherwise;
}

const std::string &required_metadata(const ModelFile &model, const char *key) {
    const std::string *value = model.find_metadata(key);
    if (value == nullptr)
        throw bad("format_schema", "metadata_missing", std::string("the metadata lack '") + key + "'");
    return *value;
}

// Moves the texts out of the header: feature names can take megabytes.
void take_metadata(Json &header, ModelFile &model) {
    for (auto &member : header.object()) {
        if (member.first != "__metadata__")
            continue;
        for (auto &entry : member.second.object()) {
            if (entry.second.type() != Json::Type::string)
                throw bad("format_schema", "metadata_type",
                          "the metadata entry '" + printable(entry.first) + "' is no text");
            model.metadata.emplace_back(std::move(entry.first), std::move(entry.second.string()));
        }
        return;
    }
    throw bad("format_schema", "metadata_missing", "there are no metadata, so this is no aesop model");
}

void check_format(const ModelFile &model) {
    const std::string *format = model.find_metadata("format");
    if (format == nullptr || *format != "aesop")
        throw bad("format_schema", "format", "the file is of the safetensors kind, but holds no aesop model");
    const std::string &version = required_metadata(model, "format_version");
    const bool plain = !version.empty() && version.size() <= 9 && version.front() != '0' &&
                       version.find_first_not_of("0123456789") == std::string::npos;
    if (!plain)
        throw bad("format_schema", "format_version", "the format's version is no positive integer");
    const int number = std::stoi(version);
    if (number > kFormatVersion)
        throw Error("format_version",
                    "the file has format version " + version + ", this aesop reads up to version " +
                        std::to_string(kFormatVersion) + "; update aesop to one that reads version " +
                        version + " [format_version]")
            .with("reason", "format_version")
            .with("needed", number)
            .with("supported", kFormatVersion);
    const std::string &checksum = required_metadata(model, "sha256");
    if (checksum.size() != 64 || checksum.find_first_not_of("0123456789abcdef") != std::string::npos)
        throw bad("format_schema", "sha256", "the checksum is no SHA-256");
}

// A tensor's place in the data.
struct Extent {
    uint64_t begin, end;
};

void read_shape(const Json &json, FileTensor &tensor, const std::string &shown) {
    const Json::Array &dimensions = json.array();
    if (dimensions.empty())
        throw bad("format_schema", "shape", "the tensor '" + shown + "' has no dimensions");
    if (dimensions.size() > kHighestRank)
        throw bad("format_limit", "rank",
                  "the tensor '" + shown + "' has more than " + std::to_string(kHighestRank) + " dimensions");
    for (const Json &dimension : dimensions) {
        const uint64_t size = dimension.size();
        if (size == 0)
            throw bad("format_schema", "shape", "the tensor '" + shown + "' has a dimension of size 0");
        if (size > static_cast<uint64_t>(kLargestDimension))
            throw bad("format_limit", "dimension",
                      "the tensor '" + shown + "' has a dimension beyond 2^31 - 1");
        tensor.shape.push_back(static_cast<int64_t>(size));
    }
}

// Bytes that the shape asks for; at most `limit`, else an error. No product is formed before it is known to
// fit.
uint64_t checked_bytes(const FileTensor &tensor, uint64_t limit, const std::string &shown) {
    uint64_t bytes = dtype_size(tensor.dtype);
    for (const int64_t size : tensor.shape) {
        if (bytes > limit / static_cast<uint64_t>(size))
            throw bad("format_schema", "shape",
                      "the shape of '" + shown + "' does not match its place in the data");
        bytes *= static_cast<uint64_t>(size);
    }
    return bytes;
}

Extent read_tensor(const Json::Object::value_type &entry, FileTensor &tensor) {
    const std::string shown = printable(entry.first);
    if (entry.first.empty())
        throw bad("format_schema", "tensor_name", "a tensor has no name");
    tensor.name = entry.first;
    try {
        if (entry.second.object().size() != 3)
            throw bad("format_schema", "tensor_entry",
                      "expected dtype, shape and data_offsets and nothing else");
        if (!dtype_from_name(entry.second.at("dtype").string(), tensor.dtype))
            throw bad("format_schema", "dtype", "its type is none of F32, F64, I32, I64, U8");
        read_shape(entry.second.at("shape"), tensor, shown);
        const Json::Array &offsets = entry.second.at("data_offsets").array();
        if (offsets.size() != 2)
            throw bad("format_schema", "offsets", "expected two offsets");
        const Extent extent{offsets[0].size(), offsets[1].size()};
        if (extent.begin >= extent.end ||
            checked_bytes(tensor, extent.end - extent.begin, shown) != extent.end - extent.begin)
            throw bad("format_schema", "offsets",
                      "the shape of '" + shown + "' does not match its place in the data");
        return extent;
    } catch (const Error &error) {
        Error named(error.kind, "tensor '" + shown + "': " + error.what());
        named.fields = error.fields;
        throw named;
    }
}

// The model without its data, whose size this compares with what the tensors need.
ModelFile parse_header(std::string_view text, uint64_t data_size) {
    if (text.substr(0, 1) != "{")
        throw bad("format_schema", "header_start", "the header is no JSON object").with("offset", kPrefix);
    JsonLimits limits;
    limits.values = kMostHeaderValues;
    Json header = parse_json(text, limits);

    ModelFile model;
    take_metadata(header, model);
    check_format(model);
    const std::size_t n_tensors = header.object().size() - 1;
    if (n_tensors > kMostTensors)
        throw bad("format_limit", "tensors",
                  "there are more than " + std::to_string(kMostTensors) + " tensors");

    std::vector<FileTensor> tensors;
    std::vector<Extent> extents;
    for (const auto &entry : header.object()) {
        if (entry.first == "__metadata__")
            continue;
        tensors.emplace_back();
        extents.push_back(read_tensor(entry, tensors.back()));
    }
    std::vector<std::size_t> order(tensors.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return extents[a].begin < extents[b].begin; });
    uint64_t end = 0;
    for (const std::size_t i : order) {
        if (extents[i].begin != end)
            throw bad("format_schema", "offsets",
                      "the tensor '" + printable(tensors[i].name) +
                          "' leaves a gap in the data or overlaps another");
        end = extents[i].end;
        model.tensors.push_back(std::move(tensors[i]));
    }
    if (end > data_size)
        throw bad("format_truncated", "data",
                  "the data should have " + std::to_string(end) + " bytes and have " +
                      std::to_string(data_size) + "; copy or download the file again");
    if (end < data_size)
        throw bad("format_schema", "trailing",
                  "there are " + std::to_string(data_size - end) + " bytes too many");
    return model;
}

std::string read_header(ByteSource &source) {
    const uint64_t size = source.size();
    if (size < kPrefix)
        throw bad("format_truncated", "size",
                  size == 0 ? "the file is empty" : "the file ends within its first 8 bytes")
            .with("offset", size);
    unsigned char prefix[kPrefix];
    source.read(0, kPrefix, prefix);
    uint64_t length = 0;
    for (int i = 7; i >= 0; --i)
        length = length << 8 | prefix[i];
    if (length < 2 || length > kLargestHeader)
        throw bad("format_limit", "header_length",
                  describe_start(prefix, "this is no aesop model: the length of its header is impossible"))
            .with("offset", 0);
    if (length > size - kPrefix)
        throw bad("format_truncated", "header",
                  describe_start(prefix, "the file ends within its header; copy or download it again"))
            .with("offset", size);
    std::string header(static_cast<std::size_t>(length), '\0');
    source.read(kPrefix, header.size(), reinterpret_cast<unsigned char *>(header.data()));
    return header;
}

// A history may lack the validation loss.
bool may_have_missing(const FileTensor &tensor) {
    return tensor.name == "history";
}

void read_data(ByteSource &source, uint64_t offset, ModelFile &model) {
    Sha256 hash;
    for (FileTensor &tensor : model.tensors) {
        const uint64_t bytes = static_cast<uint64_t>(tensor.count()) * dtype_size(tensor.dtype);
        if (bytes > std::numeric_limits<std::size_t>::max())
            throw std::bad_alloc();
        tensor.data.resize(static_cast<std::size_t>(bytes));
        source.read(offset, tensor.data.size(), tensor.data.data());
        hash.update(tensor.data.data(), tensor.data.size());
        offset += bytes;
    }
    if (hash.finish() != required_metadata(model, "sha256"))
        throw bad("format_checksum", "sha256",
                  "the data are damaged (their checksum differs); copy or download the file again");
    for (const FileTensor &tensor : model.tensors)
        check_finite(tensor, may_have_missing(tensor));
}

void set_metadata(ModelFile &model, const char *key, const std::string &value) {
    for (auto &entry : model.metadata)
        if (entry.first == key) {
            entry.second = value;
            return;
        }
    model.metadata.insert(model.metadata.begin(), {key, value});
}

} // namespace

const std::string *ModelFile::find_metadata(const std::string &key) const {
    for (const auto &entry : metadata)
        if (entry.first == key)
            return &entry.second;
    return nullptr;
}

const FileTensor *ModelFile::find_tensor(const std::string &name) const {
    for (const auto &tensor : tensors)
        if (tensor.name == name)
            return &tensor;
    return nullptr;
}

ModelFile parse_model_file(ByteSource &source, SchemaCheck schema) {
    try {
        ModelFile model;
        uint64_t offset = kPrefix;
        {
            const std::string header = read_header(source);
            offset += header.size();
            model = parse_header(header, source.size() - offset);
        }
        if (schema != nullptr)
            schema(model);
        read_data(source, offset, model);
        return model;
    } catch (const std::bad_alloc &) {
        throw Error("memory", "there is not enough memory for a model file of " +
                                  std::to_string(source.size()) +
                                  " bytes; close other programs or use a machine with more memory")
            .with("bytes", source.size())
            .with("what", "model file");
    }
}

ModelFile read_model_file(const std::string &path, SchemaCheck schema) {
    const auto source = open_file_source(path);
    try {
        return parse_model_file(*source, schema);
    } catch (const Error &error) {
        if (error.kind == "io" || error.kind == "memory")
            throw;
        Error named(error.kind, "cannot load '" + path + "': " + error.what());
        named.fields = error.fields;
        throw named.with("path", path);
    }
}

std::string model_file_header(const ModelFile &model) {
    Sha256 hash;
    uint64_t offset = 0;
    Json::Object header;
    header.emplace_back("__metadata__", Json());
    for (const FileTensor &tensor : model.tensors) {
        Json::Array shape;
        for (const int64_t size : tensor.shape)
            shape.emplace_back(size);
        const uint64_t end = offset + tensor.data.size();
        header.emplace_back(tensor.name, Json::Object{{"dtype", dtype_name(tensor.dtype)},
                                                      {"shape", std::move(shape)},
                                                      {"data_offsets", Json::Array{offset, end}}});
        hash.update(tensor.data.data(), tensor.data.size());
        check_finite(tensor, may_have_missing(tensor));
        offset = end;
    }
    ModelFile labelled;
    labelled.metadata = model.metadata;
    set_metadata(labelled, "sha256", hash.finish());
    set_metadata(labelled, "format_version", std::to_string(kFormatVersion));
    set_metadata(labelled, "format", "aesop");
    Json::Object metadata;
    for (const auto &entry : labelled.metadata)
        metadata.emplace_back(entry.first, entry.second);
    header.front().second = std::move(metadata);

    std::string text = write_json(std::move(header));
    text.resize((text.size() + 7) / 8 * 8, ' ');
    // What this could not read back it must not write: too large, inconsistent, names twice.
    if (text.size() > kLargestHeader)
        throw bad("format_limit", "header_length",
                  "the model's settings and feature names need more than 16 MiB");
    parse_header(text, offset);

    std::string prefix;
    for (int i = 0; i < 8; ++i)
        prefix += static_cast<char>(static_cast<uint64_t>(text.size()) >> (8 * i) & 0xff);
    return prefix + text;
}

void write_model_file(const std::string &path, const ModelFile &model) {
    const std::string header = model_file_header(model);
    ByteRanges content = {{header.data(), header.size()}};
    for (const FileTensor &tensor : model.tensors)
        content.emplace_back(tensor.data.data(), tensor.data.size());
    replace_file(path, content);
}

} // namespace aesop
