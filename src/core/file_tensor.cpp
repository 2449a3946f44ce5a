#include "file_tensor.h"

#include "error.h"
#include "text.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

namespace aesop {

namespace {

struct DTypeInfo {
    DType dtype;
    const char *name;
    std::size_t size;
};
constexpr DTypeInfo kDTypes[] = {{DType::F32, "F32", 4},
                                 {DType::F64, "F64", 8},
                                 {DType::I32, "I32", 4},
                                 {DType::I64, "I64", 8},
                                 {DType::U8, "U8", 1}};

// Byte by byte, so that the order in memory does not matter; compilers make one load of it where they can.
template <class Value>
Value load(const unsigned char *bytes) {
    using Bits = std::conditional_t<sizeof(Value) == 8, uint64_t,
                                    std::conditional_t<sizeof(Value) == 4, uint32_t, uint8_t>>;
    Bits bits = 0;
    for (std::size_t i = 0; i < sizeof(Value); ++i)
        bits = static_cast<Bits>(bits | static_cast<Bits>(static_cast<Bits>(bytes[i]) << (8 * i)));
    Value value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

template <class Value>
void store(Value value, unsigned char *bytes) {
    using Bits = std::conditional_t<sizeof(Value) == 8, uint64_t,
                                    std::conditional_t<sizeof(Value) == 4, uint32_t, uint8_t>>;
    Bits bits;
    std::memcpy(&bits, &value, sizeof value);
    for (std::size_t i = 0; i < sizeof(Value); ++i)
        bytes[i] = static_cast<unsigned char>(bits >> (8 * i));
}

// Calls f with a value of the C++ type that stands for `dtype`.
template <class F>
void with_type(DType dtype, F &&f) {
    switch (dtype) {
    case DType::F32:
        return f(float{});
    case DType::F64:
        return f(double{});
    case DType::I32:
        return f(int32_t{});
    case DType::I64:
        return f(int64_t{});
    case DType::U8:
        return f(uint8_t{});
    }
}

template <class Value>
bool representable(double value) {
    if constexpr (std::is_floating_point_v<Value>) {
        return !std::isfinite(value) || std::isfinite(static_cast<Value>(value));
    } else {
        // 2^63 is exact in a double, 2^63 - 1 is not: the upper bound is excluded.
        const double beyond = std::ldexp(1.0, std::numeric_limits<Value>::digits);
        return value >= static_cast<double>(std::numeric_limits<Value>::min()) && value < beyond &&
               value == std::floor(value);
    }
}

} // namespace

std::size_t dtype_size(DType dtype) {
    return kDTypes[static_cast<int>(dtype)].size;
}
const char *dtype_name(DType dtype) {
    return kDTypes[static_cast<int>(dtype)].name;
}

bool dtype_from_name(const std::string &name, DType &dtype) {
    for (const auto &info : kDTypes)
        if (name == info.name) {
            dtype = info.dtype;
            return true;
        }
    return false;
}

int64_t FileTensor::count() const {
    int64_t product = 1;
    for (const int64_t size : shape)
        product *= size;
    return product;
}

FileTensor make_tensor(std::string name, DType dtype, std::vector<int64_t> shape, const double *values) {
    FileTensor tensor{std::move(name), dtype, std::move(shape), {}};
    const auto count = static_cast<std::size_t>(tensor.count());
    tensor.data.resize(count * dtype_size(dtype));
    with_type(dtype, [&](auto zero) {
        using Value = decltype(zero);
        for (std::size_t i = 0; i < count; ++i) {
            if (!representable<Value>(values[i]))
                throw Error("numeric", "value " + std::to_string(i + 1) + " of '" + printable(tensor.name) +
                                           "' does not fit the type " + dtype_name(dtype))
                    .with("quantity", printable(tensor.name));
            store(static_cast<Value>(values[i]), tensor.data.data() + i * sizeof(Value));
        }
    });
    return tensor;
}

std::vector<double> tensor_values(const FileTensor &tensor) {
    std::vector<double> values(tensor.data.size() / dtype_size(tensor.dtype));
    with_type(tensor.dtype, [&](auto zero) {
        using Value = decltype(zero);
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<double>(load<Value>(tensor.data.data() + i * sizeof(Value)));
    });
    return values;
}

void check_finite(const FileTensor &tensor, bool allow_missing) {
    with_type(tensor.dtype, [&](auto zero) {
        using Value = decltype(zero);
        if constexpr (std::is_floating_point_v<Value>) {
            for (std::size_t i = 0; i < tensor.data.size() / sizeof(Value); ++i) {
                const Value value = load<Value>(tensor.data.data() + i * sizeof(Value));
                if (!std::isfinite(value) && !(allow_missing && std::isnan(value)))
                    throw Error("numeric", "value " + std::to_string(i + 1) + " of '" +
                                               printable(tensor.name) + "' is not finite")
                        .with("quantity", printable(tensor.name));
            }
        }
    });
}

} // namespace aesop
