// Views of matrices. Activations are batch x features, row-major: the features of one sample are contiguous
// and rows start `ld` elements apart, ld a multiple of 16, so kernels may read and write whole vectors;
// the padding columns hold zeros. Nothing here owns memory.
#pragma once
#include "scalar_math.h"
#include <cstddef>
#include <cstdint>

namespace aesop {

constexpr int kLane = 16;  // every row and panel is padded to a multiple of this
constexpr int kPanel = 64; // units per panel of a weight matrix

AESOP_INLINE int64_t padded(int64_t n) {
    return (n + kLane - 1) / kLane * kLane;
}

// Leading dimension for `cols` columns: padded, and never a multiple of 4 KiB apart (cache set conflicts).
inline int64_t leading_dimension(int64_t cols) {
    int64_t ld = padded(cols);
    return ld % 1024 == 0 ? ld + kLane : ld;
}

template <class Real>
struct Matrix {
    Real *data = nullptr;
    int64_t rows = 0, cols = 0, ld = 0;
    AESOP_INLINE Real *row(int64_t r) const { return data + r * ld; }
    AESOP_INLINE Real &at(int64_t r, int64_t c) const { return data[r * ld + c]; }
};

// Rows in compressed form; column indices ascend within a row.
template <class Real>
struct SparseMatrix {
    const int64_t *start = nullptr; // rows + 1
    const int32_t *index = nullptr;
    const Real *value = nullptr;
    int64_t rows = 0, cols = 0;
};

// The left operand of a product: dense or sparse.
template <class Real>
struct Operand {
    Matrix<Real> dense;
    SparseMatrix<Real> sparse;
    bool is_sparse = false;
    Operand() = default;
    Operand(const Matrix<Real> &m) : dense(m) {}
    Operand(const SparseMatrix<Real> &m) : sparse(m), is_sparse(true) {}
    int64_t rows() const { return is_sparse ? sparse.rows : dense.rows; }
    int64_t cols() const { return is_sparse ? sparse.cols : dense.cols; }
};

// Weights, inputs x units, in panels of kPanel units: panel p holds the units [64 p, 64 p + width), stored
// input by input, `width` values each (64, or what is left, padded to 16). So the units of one input are
// contiguous in a panel (vector lanes), and a panel is one linear stream for the products and the update.
struct PanelShape {
    int64_t inputs = 0, units = 0;
    AESOP_INLINE int64_t panels() const { return (units + kPanel - 1) / kPanel; }
    AESOP_INLINE int64_t width(int64_t p) const {
        return p + 1 < panels() ? kPanel : padded(units - p * kPanel);
    }
    AESOP_INLINE int64_t offset(int64_t p) const { return p * kPanel * inputs; }
    AESOP_INLINE int64_t size() const { return inputs * padded(units); }
    AESOP_INLINE int64_t index(int64_t input, int64_t unit) const {
        int64_t p = unit / kPanel;
        return offset(p) + input * width(p) + unit % kPanel;
    }
};

template <class Real>
struct Weights {
    Real *data = nullptr;
    PanelShape shape;
    AESOP_INLINE Real &at(int64_t input, int64_t unit) const { return data[shape.index(input, unit)]; }
};

} // namespace aesop
