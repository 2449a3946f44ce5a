// A named array as it stands in a model file: little-endian values, the last index running fastest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace aesop {

enum class DType { F32, F64, I32, I64, U8 };

std::size_t dtype_size(DType dtype);
const char *dtype_name(DType dtype);
// False when there is no type of that name.
bool dtype_from_name(const std::string &name, DType &dtype);

struct FileTensor {
    std::string name;
    DType dtype = DType::F32;
    std::vector<int64_t> shape;
    std::vector<unsigned char> data;

    int64_t count() const; // number of values: the product of the shape
    bool operator==(const FileTensor &other) const {
        return name == other.name && dtype == other.dtype && shape == other.shape && data == other.data;
    }
};

// From count() values in row-major order. Error("numeric") when the type cannot hold a value: overflow of
// F32, a fraction or a value out of range for the integer types.
FileTensor make_tensor(std::string name, DType dtype, std::vector<int64_t> shape, const double *values);
std::vector<double> tensor_values(const FileTensor &tensor);

// Error("numeric") naming tensor and place of the first value that is not finite. Missing values (NaN) may be
// allowed, as in a history without validation loss; infinite ones never are.
void check_finite(const FileTensor &tensor, bool allow_missing);

} // namespace aesop
