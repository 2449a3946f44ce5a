// Operations on images: moves and sums of runs of neighbouring values, samples shared among the threads. A
// row of a window (its columns x channels) is one run in the image and in the patch.
#include "cpu_state.h"
#include <algorithm>
#include <cstring>

namespace aesop {
namespace {

constexpr int64_t kShardValues = 8192;
constexpr int64_t kBlock = 8; // values handled at once: known counts are what -O2 turns into vectors

// f(row) or f(row, worker) for all rows of about `cols` values.
template <class F>
void over_rows(CpuState &s, int64_t rows, int64_t cols, F &&f) {
    int64_t block = std::max<int64_t>(1, kShardValues / std::max<int64_t>(cols, 1));
    s.team.run(divide_up(rows, block), [&](int64_t shard, int worker) {
        for (int64_t r = shard * block; r < std::min(rows, (shard + 1) * block); r++)
            f(r, worker);
    });
}

// f(i) for i in [0, n), in blocks.
template <class F>
inline void each_value(int64_t n, F &&f) {
    int64_t i = 0;
    for (; i + kBlock <= n; i += kBlock)
        for (int64_t k = 0; k < kBlock; k++)
            f(i + k);
    for (; i < n; i++)
        f(i);
}
void copy(float *__restrict to, const float *__restrict from, int64_t n) {
    each_value(n, [&](int64_t i) { to[i] = from[i]; });
}
void add(float *__restrict to, const float *__restrict from, int64_t n) {
    each_value(n, [&](int64_t i) { to[i] += from[i]; });
}
void zero(float *to, int64_t n) {
    std::memset(to, 0, size_t(n) * sizeof(float));
}
// Copies whole blocks: up to kBlock - 1 values more are read and written.
void copy_blocks(float *to, const float *from, int64_t n) {
    for (int64_t i = 0; i < n; i += kBlock)
        std::memcpy(to + i, from + i, kBlock * sizeof(float));
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

// Runs are copied in whole blocks where the excess stays within the rows of x and p: patches are written
// front to back, so that what is written too much is overwritten by the next run.
void patches_of(const Window &w, const float *x, float *p, int64_t ld) {
    int64_t size = w.patch_size(), width = padded(size), readable = padded(w.image_size());
    each_position(w, [&](int64_t, const Span &rows, const Span &columns) {
        bool whole = rows.size() == w.kernel_height && columns.size() == w.kernel_width;
        int64_t n = columns.size() * w.channels, excess = divide_up(n, kBlock) * kBlock;
        if (!whole)
            zero(p, width);
        each_run(w, rows, columns, [&](int64_t k, int64_t i) {
            if (whole && k + excess <= width && i + excess <= readable)
                copy_blocks(p + k, x + i, n);
            else
                copy(p + k, x + i, n);
        });
        if (whole)
            zero(p + size, width - size);
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

void pool_maximum(const Window &w, const float *__restrict x, float *__restrict y) {
    each_position(w, [&](int64_t position, const Span &rows, const Span &columns) {
        float *out = y + position * w.channels;
        bool first = true;
        each_cell(w, rows, columns, [&](int64_t i) {
            const float *cell = x + i;
            if (first)
                copy(out, cell, w.channels);
            else
                each_value(w.channels, [&](int64_t c) { out[c] = cell[c] > out[c] ? cell[c] : out[c]; });
            first = false;
        });
    });
}
void pool_mean(const Window &w, const float *__restrict x, float *__restrict y) {
    each_position(w, [&](int64_t position, const Span &rows, const Span &columns) {
        float *out = y + position * w.channels, n = float(rows.size() * columns.size());
        zero(out, w.channels);
        each_cell(w, rows, columns, [&](int64_t i) { add(out, x + i, w.channels); });
        each_value(w.channels, [&](int64_t c) { out[c] /= n; });
    });
}
void pool(void *self, Pooling kind, const Window &w, const Matrix<float> &x, const Matrix<float> &y) {
    over_rows(state_of(self), x.rows, x.cols, [&](int64_t r, int) {
        (kind == Pooling::maximum ? pool_maximum : pool_mean)(w, x.row(r), y.row(r));
        zero(y.row(r) + y.cols, padded(y.cols) - y.cols);
    });
}

// What is left of dy goes to the first cell that holds the maximum, nothing to the later ones.
void maximum_gradient(const float *__restrict x, const float *__restrict y, float *__restrict left,
                      float *__restrict dx, int64_t channels) {
    each_value(channels, [&](int64_t c) {
        bool hit = x[c] == y[c];
        dx[c] += hit ? left[c] : 0.0f;
        left[c] = hit ? 0.0f : left[c];
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
                each_value(w.channels, [&](int64_t c) { share[c] /= n; });
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
