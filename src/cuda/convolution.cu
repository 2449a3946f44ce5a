// Operations on images: every thread gathers what its values of the output are made of, in the order of the
// plain reference, so that the bits are the same. Samples are rows of blocks.
#include "operations.h"
#include "queue.h"
#include <algorithm>

namespace aesop {
namespace {

// n / by for n < 2^31 without a division: Granlund and Montgomery 1994, figure 4.1.
struct Divider {
    uint32_t by = 1, factor = 0, shift = 0;
    Divider() = default;
    explicit Divider(int64_t d) : by(uint32_t(d)) {
        while ((uint64_t(1) << shift) < by)
            shift++;
        factor = uint32_t((((uint64_t(1) << shift) - by) << 32) / by + 1);
    }
    __device__ int quotient(int n) const {
        uint32_t high = uint32_t((uint64_t(factor) * uint32_t(n)) >> 32);
        return int((high + uint32_t(n)) >> shift);
    }
};
// The quotient; n becomes the rest.
__device__ inline int split(int &n, const Divider &d) {
    int q = d.quotient(n);
    n -= q * int(d.by);
    return q;
}

// One dimension of a window.
struct Axis {
    int size, kernel, stride, pad, out;
    Divider by_stride;
    Axis() = default;
    Axis(int64_t size_, int64_t kernel_, int64_t stride_, int64_t pad_, int64_t out_)
        : size(int(size_)), kernel(int(kernel_)), stride(int(stride_)), pad(int(pad_)), out(int(out_)),
          by_stride(stride_) {}
};
struct Range { // [begin, end)
    int begin, end;
};
// Cells of the image under position o.
__device__ inline Range cells_of(const Axis &a, int o) {
    int first = o * a.stride - a.pad, end = first + a.kernel;
    return {first > 0 ? first : 0, end < a.size ? end : a.size};
}
// Positions whose window has cell i.
__device__ inline Range positions_of(const Axis &a, int i) {
    int at = i + a.pad, before = at - a.kernel, last = a.by_stride.quotient(at) + 1;
    return {before < 0 ? 0 : a.by_stride.quotient(before) + 1, last < a.out ? last : a.out};
}
// The position that cell i repeats when images are enlarged; cells beyond the last window are that one's.
__device__ inline int repeated_of(const Axis &a, int i) {
    int o = a.by_stride.quotient(i + a.pad);
    return o < a.out ? o : a.out - 1;
}
// Cells that repeat position o.
__device__ inline Range repeats_of(const Axis &a, int o) {
    int first = o * a.stride - a.pad, end = o + 1 < a.out ? first + a.stride : a.size;
    return {first > 0 ? first : 0, end < a.size ? end : a.size};
}

struct Shape {
    Axis vertical, horizontal;
    int channels, positions, patch, image;
    Divider by_channels, by_width, by_out_width, by_kernel_width;
    Shape() = default;
    explicit Shape(const Window &w)
        : vertical(w.height, w.kernel_height, w.stride_height, w.pad_top, w.out_height),
          horizontal(w.width, w.kernel_width, w.stride_width, w.pad_left, w.out_width),
          channels(int(w.channels)), positions(int(w.positions())), patch(int(w.patch_size())),
          image(int(w.image_size())), by_channels(w.channels), by_width(w.width), by_out_width(w.out_width),
          by_kernel_width(w.kernel_width) {}
};
struct Place { // row, column, channel
    int i, j, c;
};
// The place of value n in an image, whose rows are as long as `by_width` divides by.
__device__ inline Place place_of(const Shape &s, int n, const Divider &by_width) {
    Place p;
    int cell = split(n, s.by_channels);
    p.c = n;
    p.i = split(cell, by_width);
    p.j = cell;
    return p;
}

constexpr int kEach = 4; // values of a thread
constexpr int64_t kMostRows = 65535;

// f(sample, value) for this block's part of the values of its samples.
template <class F>
__device__ inline void each_value(int64_t samples, int values, F &&f) {
    int begin = int(blockIdx.x) * (kThreads * kEach) + int(threadIdx.x);
    for (int64_t b = blockIdx.y; b < samples; b += gridDim.y)
        for (int k = 0, n = begin; k < kEach && n < values; k++, n += kThreads)
            f(b, n);
}
template <class Arguments>
void launch_images(Queue &q, void (*kernel)(const Arguments *), const Arguments &a) {
    if (a.samples > 0 && a.values > 0)
        q.launch(kernel, Grid{blocks(a.values, kThreads * kEach), unsigned(std::min(a.samples, kMostRows))},
                 kThreads, a);
}

struct ImageArguments {
    int64_t samples;
    int values; // to write in each sample, with the padding of its rows
    Shape s;
    Matrix<float> x, y, dy, to;
    const float *bias;
    bool maximum;
    Divider by_padded; // of a row of patches
};
ImageArguments image_arguments(const Window &w, int64_t samples, const Matrix<float> &to) {
    ImageArguments a{};
    a.samples = samples, a.values = int(padded(to.cols)), a.s = Shape(w), a.to = to;
    return a;
}

__global__ void write_patches(const ImageArguments *arguments) {
    const ImageArguments &a = *arguments;
    const Shape &s = a.s;
    each_value(a.samples, a.values, [&](int64_t b, int n) {
        int position = split(n, a.by_padded), column = n;
        float *to = a.to.data + (b * s.positions + position) * a.to.ld + column;
        Place cell = place_of(s, n, s.by_kernel_width); // in the window
        int oy = split(position, s.by_out_width), ox = position;
        int i = oy * s.vertical.stride - s.vertical.pad + cell.i;
        int j = ox * s.horizontal.stride - s.horizontal.pad + cell.j;
        bool there = column < s.patch && i >= 0 && i < s.vertical.size && j >= 0 && j < s.horizontal.size;
        int from = (i * s.horizontal.size + j) * s.channels + cell.c;
        *to = there ? a.x.data[b * a.x.ld + from] : 0;
    });
}
void patches(void *self, const Window &w, const Matrix<float> &x, const Matrix<float> &p) {
    Queue &q = queue_of(self);
    if (q.failed() || p.rows == 0)
        return;
    ImageArguments a = image_arguments(w, x.rows, p);
    a.x = x, a.by_padded = Divider(a.values);
    a.values = int(w.positions() * a.values);
    launch_images(q, write_patches, a);
}

__global__ void add_patches(const ImageArguments *arguments) {
    const ImageArguments &a = *arguments;
    const Shape &s = a.s;
    each_value(a.samples, a.values, [&](int64_t b, int n) {
        float sum = 0, *to = a.to.data + b * a.to.ld + n;
        if (n < s.image) {
            Place cell = place_of(s, n, s.by_width);
            if (a.bias)
                sum = a.bias[cell.c];
            Range rows = positions_of(s.vertical, cell.i), columns = positions_of(s.horizontal, cell.j);
            for (int oy = rows.begin; oy < rows.end; oy++)
                for (int ox = columns.begin; ox < columns.end; ox++) {
                    int ky = cell.i + s.vertical.pad - oy * s.vertical.stride;
                    int kx = cell.j + s.horizontal.pad - ox * s.horizontal.stride;
                    int64_t row = b * s.positions + oy * s.horizontal.out + ox;
                    sum += a.x.data[row * a.x.ld + (ky * s.horizontal.kernel + kx) * s.channels + cell.c];
                }
        }
        *to = sum;
    });
}
void patches_transposed(void *self, const Window &w, const Matrix<float> &p, const float *bias,
                        const Matrix<float> &x) {
    Queue &q = queue_of(self);
    if (q.failed())
        return;
    ImageArguments a = image_arguments(w, x.rows, x);
    a.x = p, a.bias = bias;
    launch_images(q, add_patches, a);
}

__global__ void write_pool(const ImageArguments *arguments) {
    const ImageArguments &a = *arguments;
    const Shape &s = a.s;
    each_value(a.samples, a.values, [&](int64_t b, int n) {
        float *to = a.to.data + b * a.to.ld + n, sum = 0, top = 0;
        int count = 0;
        if (n < s.positions * s.channels) {
            Place o = place_of(s, n, s.by_out_width);
            Range rows = cells_of(s.vertical, o.i), columns = cells_of(s.horizontal, o.j);
            for (int i = rows.begin; i < rows.end; i++)
                for (int j = columns.begin; j < columns.end; j++) {
                    float v = a.x.data[b * a.x.ld + (i * s.horizontal.size + j) * s.channels + o.c];
                    sum += v;
                    top = count++ == 0 || v > top ? v : top;
                }
            sum = a.maximum ? top : sum / float(count);
        }
        *to = sum;
    });
}
void pool(void *self, Pooling kind, const Window &w, const Matrix<float> &x, const Matrix<float> &y) {
    Queue &q = queue_of(self);
    if (q.failed())
        return;
    ImageArguments a = image_arguments(w, x.rows, y);
    a.x = x, a.maximum = kind == Pooling::maximum;
    launch_images(q, write_pool, a);
}

// Whether the cell (i, j) is the first of a window's that holds its maximum.
__device__ inline bool first_maximum(const Shape &s, const float *x, float top, const Range &rows,
                                     const Range &columns, int i, int j) {
    for (int k = rows.begin; k <= i; k++)
        for (int l = columns.begin; l < columns.end; l++)
            if (x[(k * s.horizontal.size + l) * s.channels] == top)
                return k == i && l == j;
    return false;
}
__global__ void write_pool_gradient(const ImageArguments *arguments) {
    const ImageArguments &a = *arguments;
    const Shape &s = a.s;
    each_value(a.samples, a.values, [&](int64_t b, int n) {
        float sum = 0, *to = a.to.data + b * a.to.ld + n;
        if (n < s.image) {
            Place cell = place_of(s, n, s.by_width);
            Range oys = positions_of(s.vertical, cell.i), oxs = positions_of(s.horizontal, cell.j);
            for (int oy = oys.begin; oy < oys.end; oy++)
                for (int ox = oxs.begin; ox < oxs.end; ox++) {
                    Range rows = cells_of(s.vertical, oy), columns = cells_of(s.horizontal, ox);
                    int out = (oy * s.horizontal.out + ox) * s.channels + cell.c;
                    float d = a.dy.data[b * a.dy.ld + out];
                    if (!a.maximum)
                        sum += d / float((rows.end - rows.begin) * (columns.end - columns.begin));
                    else if (first_maximum(s, a.x.data + b * a.x.ld + cell.c, a.y.data[b * a.y.ld + out],
                                           rows, columns, cell.i, cell.j))
                        sum += d;
                }
        }
        *to = sum;
    });
}
void pool_gradient(void *self, Pooling kind, const Window &w, const Matrix<float> &x, const Matrix<float> &y,
                   const Matrix<float> &dy, const Matrix<float> &dx) {
    Queue &q = queue_of(self);
    if (q.failed())
        return;
    ImageArguments a = image_arguments(w, dy.rows, dx);
    a.x = x, a.y = y, a.dy = dy, a.maximum = kind == Pooling::maximum;
    launch_images(q, write_pool_gradient, a);
}

__global__ void write_upsample(const ImageArguments *arguments) {
    const ImageArguments &a = *arguments;
    const Shape &s = a.s;
    each_value(a.samples, a.values, [&](int64_t b, int n) {
        float *to = a.to.data + b * a.to.ld + n, v = 0;
        if (n < s.image) {
            Place cell = place_of(s, n, s.by_width);
            int oy = repeated_of(s.vertical, cell.i), ox = repeated_of(s.horizontal, cell.j);
            v = a.x.data[b * a.x.ld + (oy * s.horizontal.out + ox) * s.channels + cell.c];
        }
        *to = v;
    });
}
void upsample(void *self, const Window &w, const Matrix<float> &x, const Matrix<float> &y) {
    Queue &q = queue_of(self);
    if (q.failed())
        return;
    ImageArguments a = image_arguments(w, x.rows, y);
    a.x = x;
    launch_images(q, write_upsample, a);
}

__global__ void write_upsample_gradient(const ImageArguments *arguments) {
    const ImageArguments &a = *arguments;
    const Shape &s = a.s;
    each_value(a.samples, a.values, [&](int64_t b, int n) {
        float sum = 0, *to = a.to.data + b * a.to.ld + n;
        if (n < s.positions * s.channels) {
            Place o = place_of(s, n, s.by_out_width);
            Range rows = repeats_of(s.vertical, o.i), columns = repeats_of(s.horizontal, o.j);
            for (int i = rows.begin; i < rows.end; i++)
                for (int j = columns.begin; j < columns.end; j++)
                    sum += a.dy.data[b * a.dy.ld + (i * s.horizontal.size + j) * s.channels + o.c];
        }
        *to = sum;
    });
}
void upsample_gradient(void *self, const Window &w, const Matrix<float> &dy, const Matrix<float> &dx) {
    Queue &q = queue_of(self);
    if (q.failed())
        return;
    ImageArguments a = image_arguments(w, dx.rows, dx);
    a.dy = dy;
    launch_images(q, write_upsample_gradient, a);
}

// Rows are regrouped in groups that are whole rows on both sides, so that places within a group are small
// numbers.
struct RegroupArguments {
    int64_t samples; // groups
    int values;      // of a group, with the padding of the rows of `to`
    Matrix<float> from, to;
    int from_rows, to_rows; // of a group
    Divider by_from, by_padded;
};
__global__ void write_regrouped(const RegroupArguments *arguments) {
    const RegroupArguments &a = *arguments;
    each_value(a.samples, a.values, [&](int64_t group, int n) {
        int row = split(n, a.by_padded);
        int64_t to_row = group * a.to_rows + row;
        if (to_row >= a.to.rows)
            return;
        float v = 0;
        if (n < a.to.cols) {
            int at = row * int(a.to.cols) + n;
            int64_t from_row = group * a.from_rows + split(at, a.by_from);
            v = a.from.data[from_row * a.from.ld + at];
        }
        a.to.data[to_row * a.to.ld + n] = v;
    });
}
void regroup(void *self, const Matrix<float> &from, const Matrix<float> &to) {
    Queue &q = queue_of(self);
    if (q.failed() || to.rows == 0 || to.cols == 0)
        return;
    RegroupArguments a{};
    int64_t longer = std::max(from.cols, to.cols), shorter = std::min(from.cols, to.cols);
    int64_t size = longer % shorter == 0 ? longer * std::max<int64_t>(kThreads * kEach / longer, 1)
                                         : from.rows * from.cols;
    a.from = from, a.to = to, a.from_rows = int(size / from.cols), a.to_rows = int(size / to.cols);
    a.samples = (to.rows + a.to_rows - 1) / a.to_rows;
    a.values = int(a.to_rows * padded(to.cols));
    a.by_from = Divider(from.cols), a.by_padded = Divider(padded(to.cols));
    launch_images(q, write_regrouped, a);
}

} // namespace

void add_cuda_convolution(Backend<float> &table) {
    table.patches = patches;
    table.patches_transposed = patches_transposed;
    table.regroup = regroup;
    table.pool = pool;
    table.pool_gradient = pool_gradient;
    table.upsample = upsample;
    table.upsample_gradient = upsample_gradient;
}

} // namespace aesop
