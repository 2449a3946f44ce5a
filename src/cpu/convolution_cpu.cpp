// Operations on images: moves and sums of runs of neighbouring values, samples shared among the threads. A
// row of a window (its columns x channels) is one run in the image and in the patch.
#include "cpu_state.h"
#include <algorithm>

namespace aesop {
namespace {

constexpr int64_t kShardValues = 8192;

// f(row) or f(row, worker) for all rows of about `cols` values.
template <class F>
void over_rows(CpuState &s, int64_t rows, int64_t cols, F &&f) {
    int64_t block = std::max<int64_t>(1, kShardValues / std::max<int64_t>(cols, 1));
    s.team.run(divide_up(rows, block), [&](int64_t shard, int worker) {
        for (int64_t r = shard * block; r < std::min(rows, (shard + 1) * block); r++)
            f(r, worker);
    });
}

// Four values at a time, and one: vectors spelled out, as compilers make none of loops at -O2.
constexpr int64_t kFour = 4;
struct Four {
    typedef float Value __attribute__((vector_size(16), aligned(4), may_alias));
};
struct One {
    typedef float Value;
};
template <class Unit>
inline typename Unit::Value &at(float *p) {
    return *reinterpret_cast<typename Unit::Value *>(p);
}
template <class Unit>
inline const typename Unit::Value &at(const float *p) {
    return *reinterpret_cast<const typename Unit::Value *>(p);
}
// f(unit, i) for the values i in [0, n).
template <class F>
inline void each_value(int64_t n, F &&f) {
    int64_t i = 0;
    for (; i + kFour <= n; i += kFour)
        f(Four(), i);
    for (; i < n; i++)
        f(One(), i);
}
inline void copy(float *to, const float *from, int64_t n) {
    each_value(n, [=](auto unit, int64_t i) {
        using U = decltype(unit);
        at<U>(to + i) = at<U>(from + i);
    });
}
inline void add(float *to, const float *from, int64_t n) {
    each_value(n, [=](auto unit, int64_t i) {
        using U = decltype(unit);
        at<U>(to + i) += at<U>(from + i);
    });
}
inline void divide(float *x, float by, int64_t n) {
    each_value(n, [=](auto unit, int64_t i) { at<decltype(unit)>(x + i) /= by; });
}
inline void zero(float *to, int64_t n) {
    each_value(n, [=](auto unit, int64_t i) {
        using U = decltype(unit);
        at<U>(to + i) = typename U::Value{};
    });
}
// Up to three values more than n are read and written.
inline void copy_fours(float *to, const float *from, int64_t n) {
    for (int64_t i = 0; i < n; i += kFour)
        at<Four>(to + i) = at<Four>(from + i);
}

// The part [begin, end) of a window of `kernel` cells that starts at `start` and lies in the image.
struct Span {
    int64_t start, begin, end;
    Span(int64_t first, int64_t kernel, int64_t size)
        : start(first), begin(std::max<int64_t>(-first, 0)),
          end(std::max(begin, std::min(kernel, size - first))) {}
    int64_t size() const { return end - begin; }
};
Span rows_of(const Window &w, int64_t oy) {
    return {oy * w.stride_height - w.pad_top, w.kernel_height, w.height};
}
Span columns_of(const Window &w, int64_t ox) {
    return {ox * w.stride_width - w.pad_left, w.kernel_width, w.width};
}

// f(position, its rows, its columns) in order.
template <class F>
inline void each_position(const Window &w, F &&f) {
    int64_t position = 0;
    for (int64_t oy = 0; oy < w.out_height; oy++) {
        Span rows = rows_of(w, oy);
        for (int64_t ox = 0; ox < w.out_width; ox++)
            f(position++, rows, columns_of(w, ox));
    }
}
// f(start in the patch, start in the image) for the runs of a window that lie in the image.
template <class F>
inline void each_run(const Window &w, const Span &rows, const Span &columns, F &&f) {
    for (int64_t ky = rows.begin; ky < rows.end; ky++)
        f((ky * w.kernel_width + columns.begin) * w.channels,
          ((rows.start + ky) * w.width + columns.start + columns.begin) * w.channels);
}
// f(start in the image) for the window's cells in the image.
template <class F>
inline void each_cell(const Window &w, const Span &rows, const Span &columns, F &&f) {
    each_run(w, rows, columns, [&](int64_t, int64_t run) {
        for (int64_t k = 0; k < columns.size(); k++)
            f(run + k * w.channels);
    });
}

// Runs of windows within the image are copied in whole fours where the excess stays within the rows of x and
// p: a patch is written front to back, so that what is written too much is overwritten by what follows.
void patches_of(const Window &w, const float *x, float *p, int64_t ld) {
    int64_t size = w.patch_size(), width = padded(size), image = padded(w.image_size());
    int64_t run = w.kernel_width * w.channels, line = w.width * w.channels;
    int64_t excess = divide_up(run, kFour) * kFour - run, last = (w.kernel_height - 1) * line + run + excess;
    bool fits = size + excess <= width;
    each_position(w, [&](int64_t, const Span &rows, const Span &columns) {
        if (rows.size() == w.kernel_height && columns.size() == w.kernel_width) {
            int64_t first = rows.start * line + columns.start * w.channels;
            bool fours = fits && first + last <= image;
            for (int64_t ky = 0; ky < w.kernel_height; ky++)
                if (fours)
                    copy_fours(p + ky * run, x + first + ky * line, run);
                else
                    copy(p + ky * run, x + first + ky * line, run);
            zero(p + size, width - size);
        } else {
            zero(p, width);
            each_run(w, rows, columns,
                     [&](int64_t k, int64_t i) { copy(p + k, x + i, columns.size() * w.channels); });
        }
        p += ld;
    });
}
void patches(void *self, const Window &w, const Matrix<float> &x, const Matrix<float> &p) {
    int64_t n = w.positions();
    over_rows(state_of(self), x.rows, n * w.patch_size(),
              [&](int64_t r, int) { patches_of(w, x.row(r), p.row(r * n), p.ld); });
}

void patches_transposed(void *self, const Window &w, const Matrix<float> &p, const float *bias,
                        const Matrix<float> &x) {
    int64_t n = w.positions();
    over_rows(state_of(self), x.rows, n * w.patch_size(), [&](int64_t r, int) {
        float *image = x.row(r);
        const float *patch = p.row(r * n);
        zero(image, padded(x.cols));
        if (bias)
            for (int64_t i = 0; i < x.cols; i += w.channels)
                copy(image + i, bias, w.channels);
        each_position(w, [&](int64_t, const Span &rows, const Span &columns) {
            each_run(w, rows, columns,
                     [&](int64_t k, int64_t i) { add(image + i, patch + k, columns.size() * w.channels); });
            patch += p.ld;
        });
    });
}

void regroup(void *self, const Matrix<float> &from, const Matrix<float> &to) {
    over_rows(state_of(self), to.rows, to.cols, [&](int64_t r, int) {
        int64_t row = r * to.cols / from.cols, column = r * to.cols % from.cols;
        for (int64_t done = 0; done < to.cols;) {
            int64_t n = std::min(to.cols - done, from.cols - column);
            copy(to.row(r) + done, from.row(row) + column, n);
            done += n, row++, column = 0;
        }
        zero(to.row(r) + to.cols, padded(to.cols) - to.cols);
    });
}

void pool_maximum(const Window &w, const float *x, float *y) {
    each_position(w, [&](int64_t position, const Span &rows, const Span &columns) {
        float *out = y + position * w.channels;
        bool first = true;
        each_cell(w, rows, columns, [&](int64_t i) {
            const float *cell = x + i;
            if (first)
                copy(out, cell, w.channels);
            else
                each_value(w.channels, [=](auto unit, int64_t c) {
                    using U = decltype(unit);
                    typename U::Value v = at<U>(cell + c), top = at<U>(out + c);
                    at<U>(out + c) = v > top ? v : top;
                });
            first = false;
        });
    });
}
void pool_mean(const Window &w, const float *x, float *y) {
    each_position(w, [&](int64_t position, const Span &rows, const Span &columns) {
        float *out = y + position * w.channels, n = float(rows.size() * columns.size());
        zero(out, w.channels);
        each_cell(w, rows, columns, [&](int64_t i) { add(out, x + i, w.channels); });
        divide(out, n, w.channels);
    });
}
void pool(void *self, Pooling kind, const Window &w, const Matrix<float> &x, const Matrix<float> &y) {
    over_rows(state_of(self), x.rows, x.cols, [&](int64_t r, int) {
        (kind == Pooling::maximum ? pool_maximum : pool_mean)(w, x.row(r), y.row(r));
        zero(y.row(r) + y.cols, padded(y.cols) - y.cols);
    });
}

// What is left of dy goes to the first cell that holds the maximum, nothing to the later ones.
inline void maximum_gradient(const float *x, const float *y, float *left, float *dx, int64_t channels) {
    each_value(channels, [=](auto unit, int64_t c) {
        using U = decltype(unit);
        typename U::Value rest = at<U>(left + c), none{};
        auto hit = at<U>(x + c) == at<U>(y + c);
        at<U>(dx + c) += hit ? rest : none;
        at<U>(left + c) = hit ? none : rest;
    });
}
void pool_gradient(void *self, Pooling kind, const Window &w, const Matrix<float> &x, const Matrix<float> &y,
                   const Matrix<float> &dy, const Matrix<float> &dx) {
    CpuState &s = state_of(self);
    s.reserve_own(padded(w.channels));
    over_rows(s, dx.rows, dx.cols, [&](int64_t r, int worker) {
        float *share = s.own[size_t(worker)].get(padded(w.channels)), *image = dx.row(r);
        zero(image, padded(dx.cols));
        each_position(w, [&](int64_t position, const Span &rows, const Span &columns) {
            int64_t at = position * w.channels;
            float n = float(rows.size() * columns.size());
            copy(share, dy.row(r) + at, w.channels);
            if (kind == Pooling::mean)
                divide(share, n, w.channels);
            each_cell(w, rows, columns, [&](int64_t i) {
                if (kind == Pooling::mean)
                    add(image + i, share, w.channels);
                else
                    maximum_gradient(x.row(r) + i, y.row(r) + at, share, image + i, w.channels);
            });
        });
    });
}

// f(start of a cell of y, start of the cell of x that it repeats), in the order of y.
template <class F>
inline void each_repeated(const Window &w, F &&f) {
    int64_t to = 0;
    for (int64_t i = 0; i < w.height; i++) {
        int64_t oy = std::min((i + w.pad_top) / w.stride_height, w.out_height - 1);
        int64_t from = oy * w.out_width * w.channels, last = from + (w.out_width - 1) * w.channels;
        int64_t phase = w.pad_left; // cells of the window that lie before this one
        for (int64_t j = 0; j < w.width; j++, phase++, to += w.channels) {
            if (phase == w.stride_width)
                phase = 0, from = std::min(from + w.channels, last);
            f(to, from);
        }
    }
}
void upsample(void *self, const Window &w, const Matrix<float> &x, const Matrix<float> &y) {
    over_rows(state_of(self), x.rows, y.cols, [&](int64_t r, int) {
        const float *from_row = x.row(r);
        float *to_row = y.row(r);
        each_repeated(w, [&](int64_t to, int64_t from) { copy(to_row + to, from_row + from, w.channels); });
        zero(to_row + y.cols, padded(y.cols) - y.cols);
    });
}
void upsample_gradient(void *self, const Window &w, const Matrix<float> &dy, const Matrix<float> &dx) {
    over_rows(state_of(self), dx.rows, dy.cols, [&](int64_t r, int) {
        const float *from_row = dy.row(r);
        float *to_row = dx.row(r);
        zero(to_row, padded(dx.cols));
        each_repeated(w, [&](int64_t from, int64_t to) { add(to_row + to, from_row + from, w.channels); });
    });
}

} // namespace

void add_convolution(Backend<float> &table) {
    table.patches = patches;
    table.patches_transposed = patches_transposed;
    table.regroup = regroup;
    table.pool = pool;
    table.pool_gradient = pool_gradient;
    table.upsample = upsample;
    table.upsample_gradient = upsample_gradient;
}

} // namespace aesop
