// The plain convolution operations: loops over samples, positions and the cells of a window.
#include "reference.h"
#include <algorithm>

namespace aesop {
namespace {

template <class Real>
struct Images {
    using M = Matrix<Real>;

    // f(position) for all positions, in order.
    template <class F>
    static void each_position(const Window &w, F &&f) {
        for (int64_t oy = 0; oy < w.out_height; oy++)
            for (int64_t ox = 0; ox < w.out_width; ox++)
                f(oy, ox);
    }
    // f(value in the patch, value in the image) for the first channel of the window's cells in the image.
    template <class F>
    static void each_cell(const Window &w, int64_t oy, int64_t ox, F &&f) {
        for (int64_t ky = 0; ky < w.kernel_height; ky++)
            for (int64_t kx = 0; kx < w.kernel_width; kx++) {
                int64_t y = oy * w.stride_height - w.pad_top + ky, x = ox * w.stride_width - w.pad_left + kx;
                if (y >= 0 && y < w.height && x >= 0 && x < w.width)
                    f((ky * w.kernel_width + kx) * w.channels, (y * w.width + x) * w.channels);
            }
    }
    static void clear(const M &m) {
        for (int64_t r = 0; r < m.rows; r++)
            std::fill(m.row(r), m.row(r) + padded(m.cols), Real(0));
    }

    static void patches(void *, const Window &w, const M &x, const M &p) {
        clear(p);
        for (int64_t b = 0; b < x.rows; b++) {
            int64_t row = b * w.positions();
            each_position(w, [&](int64_t oy, int64_t ox) {
                each_cell(w, oy, ox, [&](int64_t k, int64_t i) {
                    std::copy_n(x.row(b) + i, w.channels, p.row(row) + k);
                });
                row++;
            });
        }
    }
    static void patches_transposed(void *, const Window &w, const M &p, const Real *bias, const M &x) {
        clear(x);
        for (int64_t b = 0; b < x.rows; b++) {
            if (bias)
                for (int64_t i = 0; i < x.cols; i++)
                    x.at(b, i) = bias[i % w.channels];
            int64_t row = b * w.positions();
            each_position(w, [&](int64_t oy, int64_t ox) {
                each_cell(w, oy, ox, [&](int64_t k, int64_t i) {
                    for (int64_t c = 0; c < w.channels; c++)
                        x.at(b, i + c) += p.at(row, k + c);
                });
                row++;
            });
        }
    }
    static void regroup(void *, const M &from, const M &to) {
        clear(to);
        for (int64_t i = 0; i < to.rows * to.cols; i++)
            to.at(i / to.cols, i % to.cols) = from.at(i / from.cols, i % from.cols);
    }

    static void pool(void *, Pooling kind, const Window &w, const M &x, const M &y) {
        clear(y);
        for (int64_t b = 0; b < x.rows; b++) {
            Real *out = y.row(b);
            each_position(w, [&](int64_t oy, int64_t ox) {
                for (int64_t c = 0; c < w.channels; c++) {
                    Real sum = 0, top = 0;
                    int count = 0;
                    each_cell(w, oy, ox, [&](int64_t, int64_t i) {
                        Real v = x.at(b, i + c);
                        sum += v;
                        top = count++ == 0 || v > top ? v : top;
                    });
                    *out++ = kind == Pooling::maximum ? top : sum / Real(count);
                }
            });
        }
    }
    static void pool_gradient(void *, Pooling kind, const Window &w, const M &x, const M &y, const M &dy,
                              const M &dx) {
        clear(dx);
        for (int64_t b = 0; b < dy.rows; b++) {
            int64_t out = 0;
            each_position(w, [&](int64_t oy, int64_t ox) {
                for (int64_t c = 0; c < w.channels; c++, out++) {
                    int count = 0;
                    bool found = false;
                    each_cell(w, oy, ox, [&](int64_t, int64_t) { count++; });
                    each_cell(w, oy, ox, [&](int64_t, int64_t i) {
                        if (kind == Pooling::mean)
                            dx.at(b, i + c) += dy.at(b, out) / Real(count);
                        else if (!found && x.at(b, i + c) == y.at(b, out)) {
                            dx.at(b, i + c) += dy.at(b, out);
                            found = true;
                        }
                    });
                }
            });
        }
    }

    // f(value of x, value of y) for every cell of y and channel.
    template <class F>
    static void each_repeated(const Window &w, F &&f) {
        for (int64_t i = 0; i < w.height; i++)
            for (int64_t j = 0; j < w.width; j++) {
                int64_t oy = std::min((i + w.pad_top) / w.stride_height, w.out_height - 1);
                int64_t ox = std::min((j + w.pad_left) / w.stride_width, w.out_width - 1);
                for (int64_t c = 0; c < w.channels; c++)
                    f((oy * w.out_width + ox) * w.channels + c, (i * w.width + j) * w.channels + c);
            }
    }
    static void upsample(void *, const Window &w, const M &x, const M &y) {
        clear(y);
        for (int64_t b = 0; b < x.rows; b++)
            each_repeated(w, [&](int64_t from, int64_t to) { y.at(b, to) = x.at(b, from); });
    }
    static void upsample_gradient(void *, const Window &w, const M &dy, const M &dx) {
        clear(dx);
        for (int64_t b = 0; b < dx.rows; b++)
            each_repeated(w, [&](int64_t from, int64_t to) { dx.at(b, from) += dy.at(b, to); });
    }
};

} // namespace

template <class Real>
void add_reference_convolution(Backend<Real> &table) {
    using I = Images<Real>;
    table.patches = I::patches;
    table.patches_transposed = I::patches_transposed;
    table.regroup = I::regroup;
    table.pool = I::pool;
    table.pool_gradient = I::pool_gradient;
    table.upsample = I::upsample;
    table.upsample_gradient = I::upsample_gradient;
}

template void add_reference_convolution(Backend<float> &);
template void add_reference_convolution(Backend<double> &);

} // namespace aesop
