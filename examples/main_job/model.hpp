// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace example {

/// A model whose cost is real work: a multi-layer perceptron, 1024 -> 4096 -> 4096 -> 1024 with ReLU between, fixed
/// pseudo-random weights. Its 101 MB of weights have to be streamed from memory for every call, however many rows the
/// call has: that is why batching pays.
///
/// Each output is one sum, taken over the inputs in order, whatever the number of rows and wherever in them the row
/// stands. So a row's result has the same bits in every batch, and a reply can be compared with a direct call exactly.
///
/// threads  one at a time (the activations between layers are kept in the object)
class model {
public:
    static constexpr std::size_t inputs = 1024;
    static constexpr std::size_t outputs = 1024;

    model();

    /// Runs `rows` = `in.size() / inputs` rows at once. [in: rows x inputs, out: rows x outputs, row after row]
    void run(std::span<const float> in, std::span<float> out);

    /// The same for one row, straight from the definition: three loops in double over `weight()`. Takes about a tenth
    /// of a second; knows nothing of how `run()` keeps its weights.
    [[nodiscard]] static std::vector<double> reference(std::span<const float> row);

    /// Weight from input `in` to output `out` of a layer: uniform, with the variance that keeps activations near 1.
    [[nodiscard]] static float weight(std::size_t layer, std::size_t out, std::size_t in) noexcept;

    [[nodiscard]] static std::size_t weight_bytes() noexcept;
    /// Floats in one vector register of the target this was compiled for.
    [[nodiscard]] static std::size_t vector_floats() noexcept;

private:
    struct release {
        void operator()(float* memory) const noexcept;
    };
    using buffer = std::unique_ptr<float[], release>;
    static buffer allocate(std::size_t floats);

    void run_pass(const float* in, float* out, std::size_t rows);

    buffer weights_;  ///< all layers in the order in which a call reads them: one stream
    buffer front_;    ///< a layer's input, in tiles: [tile][input][row of the tile]
    buffer back_;     ///< a layer's output, the same way
};

}  // namespace example
