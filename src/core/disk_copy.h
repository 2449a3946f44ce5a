// A copy of a source in a temporary file, sample after sample: for passes in any order over data that do not
// fit in memory. The values are the same ones, so are the bits of a fit.
#pragma once
#include "batch_source.h"
#include <fstream>

namespace aesop {

class DiskCopy : public BatchSource {
  public:
    // Reads `from` once, in order, and asks it for names later: it must outlive the copy. path: of a file to
    // be made, which is removed with this object. Throws Error("io") where it cannot be written. Dense
    // samples of mostly zeros are kept as sparse ones: less to read, and a faster first layer.
    DiskCopy(BatchSource &from, const std::string &path);
    ~DiskCopy() override;
    DiskCopy(const DiskCopy &) = delete;
    DiskCopy &operator=(const DiskCopy &) = delete;

    int64_t features() const override { return from_.features(); }
    int64_t samples() const override { return from_.samples(); }
    bool sparse() const override { return sparse_; }
    void prepare(const int64_t *samples, int64_t n) override;
    Column column(int64_t sample) const override;
    std::string feature_name(int64_t i) const override { return from_.feature_name(i); }
    std::string sample_name(int64_t j) const override { return from_.sample_name(j); }

  private:
    void choose_layout();
    void append(const int32_t *from, size_t n);
    void write(const Column &c);
    int64_t bytes(int64_t sample) const { return start_[size_t(sample) + 1] - start_[size_t(sample)]; }

    BatchSource &from_;
    const std::string path_;
    std::filebuf file_;
    bool sparse_ = false, integer_ = false;
    std::vector<int64_t> start_; // of each sample in the file, in bytes; one more than samples
    std::vector<int64_t> place_; // of each prepared sample in buffer_, in doubles
    std::vector<double> buffer_; // of a sample its values; if sparse, then the features they are of (int32)
    std::vector<int32_t> index_; // of the sample that is written
};

} // namespace aesop
