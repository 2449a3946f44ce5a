// Model files: the safetensors layout with our own rules.
//
//     8 bytes   N, little-endian: length of the header
//     N bytes   JSON: {"__metadata__": {text: text, ...},
//                      tensor name: {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}, ...}
//               padded with spaces so that the data start at a multiple of 8
//     rest      the tensors' bytes, one after the other, without gaps
//
// The metadata hold "format" ("aesop"), "format_version" (an integer) and "sha256" (of the data); what else
// there must be is the schema's business (model_schema.h). A reader refuses anything that is not exactly so,
// before it allocates memory for tensors. Nothing in a file is ever evaluated.
#pragma once

#include "byte_source.h"
#include "file_tensor.h"

#include <string>
#include <utility>
#include <vector>

namespace aesop {

constexpr int kFormatVersion = 1;
constexpr uint64_t kLargestHeader = uint64_t{16} << 20; // bytes
constexpr std::size_t kMostTensors = 4096;
constexpr std::size_t kHighestRank = 4;
constexpr int64_t kLargestDimension = 2147483647; // R's largest integer

struct ModelFile {
    std::vector<std::pair<std::string, std::string>> metadata;
    std::vector<FileTensor> tensors; // in the order of their data

    // nullptr when there is none of that name.
    const std::string *find_metadata(const std::string &key) const;
    const FileTensor *find_tensor(const std::string &name) const;
};

// Looks at metadata and at the tensors' names, types and shapes, whose data are still empty; throws.
using SchemaCheck = void (*)(const ModelFile &);

// Errors: format_truncated, format_limit, format_schema, format_checksum, format_version (fields "reason"
// and, where there is one, "offset"), numeric (values that are not finite), memory, io.
ModelFile parse_model_file(ByteSource &source, SchemaCheck schema = nullptr);
// The same, and errors carry "path".
ModelFile read_model_file(const std::string &path, SchemaCheck schema = nullptr);

// The file's bytes up to the data. The three metadata of the format itself are filled in.
std::string model_file_header(const ModelFile &model);
// Replaces the file at `path` as a whole (atomic_file.h). The bytes depend on the model only.
void write_model_file(const std::string &path, const ModelFile &model);

} // namespace aesop
