// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace example {
namespace {

// The widest vector the target has in one register. A wider one would be split by the compiler, at a third of the
// speed.
#if defined(__AVX512F__)
constexpr std::size_t vector_bytes = 64;
constexpr std::size_t registers = 32;
#elif defined(__AVX__)
constexpr std::size_t vector_bytes = 32;
constexpr std::size_t registers = 16;
#elif defined(__aarch64__)
constexpr std::size_t vector_bytes = 16;
constexpr std::size_t registers = 32;
#else
constexpr std::size_t vector_bytes = 16;
constexpr std::size_t registers = 16;
#endif
typedef float vec __attribute__((vector_size(vector_bytes)));
constexpr std::size_t lanes = vector_bytes / sizeof(float);

// A tile of the product: `tile_rows` rows times `tile_vectors` vectors of outputs, its sums held in registers over the
// whole of a block. Weights lie in panels as wide as a tile, input after input, so that they are read front to back.
constexpr std::size_t tile_vectors = 2;
constexpr std::size_t panel = tile_vectors * lanes;
constexpr std::size_t tile_rows = registers == 32 ? 12 : 6;

// With several tiles of rows, each takes its turn on the same block of weights: the first brings it from memory, the
// others find it in the second-level cache.
constexpr std::size_t block_inputs = 512;
// More rows than this are run in several passes over the weights.
constexpr std::size_t pass_rows = 64;
constexpr std::size_t pass_tiles = (pass_rows + tile_rows - 1) / tile_rows;
// How far a single tile asks for weights ahead of their use: beyond what the hardware does by itself, which stops at
// every 4 KiB page.
constexpr std::size_t prefetch_bytes = 16384;
// What is asked for ahead ends at most here, behind the last weight.
constexpr std::size_t reach = std::max(prefetch_bytes / sizeof(float), 2 * block_inputs * panel);

struct shape {
    std::size_t in;
    std::size_t out;
    [[nodiscard]] constexpr std::size_t floats() const { return in * out; }
};
constexpr std::array<shape, 3> layers{{{model::inputs, 4096}, {4096, 4096}, {4096, model::outputs}}};
constexpr std::size_t widest = 4096;
constexpr std::size_t total_weights = layers[0].floats() + layers[1].floats() + layers[2].floats();
static_assert(std::ranges::all_of(layers, [](shape s) { return s.in % block_inputs == 0 && s.out % panel == 0; }));
static_assert(total_weights * sizeof(float) >= 64'000'000);

/// Adds `steps` inputs to the sums of `Rows` rows and one panel of outputs.
///
/// w      weights [steps][panel]
/// x      inputs [steps][Rows]
/// sums   [Rows][panel]
/// ahead  where to ask for weights in advance, `stride` bytes a step; what lies there is never used here
template <std::size_t Rows>
void add_block(const float* w, const float* x, std::size_t steps, float* sums, const char* ahead, std::size_t stride) {
    vec acc[Rows][tile_vectors];
    for (std::size_t r = 0; r < Rows; ++r) {
        for (std::size_t v = 0; v < tile_vectors; ++v) {
            acc[r][v] = *reinterpret_cast<const vec*>(sums + r * panel + v * lanes);
        }
    }
    for (std::size_t k = 0; k < steps; ++k) {
        for (std::size_t line = 0; line < panel * sizeof(float) && line < stride; line += 64) {
            __builtin_prefetch(ahead + line, 0, 3);
        }
        ahead += stride;
        vec weight[tile_vectors];
        for (std::size_t v = 0; v < tile_vectors; ++v) weight[v] = *reinterpret_cast<const vec*>(w + v * lanes);
        for (std::size_t r = 0; r < Rows; ++r) {
            for (std::size_t v = 0; v < tile_vectors; ++v) acc[r][v] += weight[v] * x[r];
        }
        w += panel;
        x += Rows;
    }
    for (std::size_t r = 0; r < Rows; ++r) {
        for (std::size_t v = 0; v < tile_vectors; ++v) {
            *reinterpret_cast<vec*>(sums + r * panel + v * lanes) = acc[r][v];
        }
    }
}

using block_function = void (*)(const float*, const float*, std::size_t, float*, const char*, std::size_t);
template <std::size_t... Rows>
constexpr std::array<block_function, sizeof...(Rows)> functions(std::index_sequence<Rows...>) {
    return {add_block<Rows + 1>...};
}
/// One for each number of rows a tile may have, from 1.
constexpr auto add_block_of = functions(std::make_index_sequence<tile_rows>{});

std::uint64_t mix(std::uint64_t x) noexcept {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

}  // namespace

void model::release::operator()(float* memory) const noexcept {
    std::free(memory);
}

model::buffer model::allocate(std::size_t floats) {
    constexpr std::size_t huge_page = std::size_t{1} << 21;
    const std::size_t bytes = (floats * sizeof(float) + huge_page - 1) / huge_page * huge_page;
    void* memory = std::aligned_alloc(huge_page, bytes);
    if (memory == nullptr) throw std::bad_alloc{};
#ifdef MADV_HUGEPAGE
    madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: without it the stream also waits for address translation
#endif
    return buffer{static_cast<float*>(memory)};
}

float model::weight(std::size_t layer, std::size_t out, std::size_t in) noexcept {
    const float scale = std::sqrt(6.0F / static_cast<float>(layers[layer].in));  // He et al. 2015, uniform
    const std::uint64_t bits = mix((std::uint64_t{layer} << 48) + (std::uint64_t{out} << 24) + in + 1);
    return (static_cast<float>(bits >> 40) * 0x1p-23F - 1.0F) * scale;  // 24 bits: exact in a float
}

std::size_t model::weight_bytes() noexcept {
    return total_weights * sizeof(float);
}
std::size_t model::vector_floats() noexcept {
    return lanes;
}

model::model()
    : weights_{allocate(total_weights + reach)},
      front_{allocate(pass_rows * widest)},
      back_{allocate(pass_rows * widest)} {
    float* next = weights_.get();
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
        for (std::size_t first = 0; first < layers[layer].out; first += panel) {
            for (std::size_t in = 0; in < layers[layer].in; ++in) {
                for (std::size_t out = first; out < first + panel; ++out) *next++ = weight(layer, out, in);
            }
        }
    }
}

void model::run(std::span<const float> in, std::span<float> out) {
    const std::size_t rows = in.size() / inputs;
    for (std::size_t done = 0; done < rows; done += pass_rows) {
        run_pass(in.data() + done * inputs, out.data() + done * outputs, std::min(pass_rows, rows - done));
    }
}

void model::run_pass(const float* in, float* out, std::size_t rows) {
    // Tiles as equal as can be: 13 rows are 7 and 6, not 12 and 1.
    const std::size_t tiles = (rows + tile_rows - 1) / tile_rows;
    std::array<std::size_t, pass_tiles + 1> start{};
    for (std::size_t t = 0; t <= tiles; ++t) start[t] = t * rows / tiles;

    // Where input `i` of row `start[t] + r` stands in a buffer of tiles.
    const auto place = [&](std::size_t t, std::size_t r, std::size_t i, std::size_t width) {
        return start[t] * width + i * (start[t + 1] - start[t]) + r;
    };
    for (std::size_t t = 0; t < tiles; ++t) {
        for (std::size_t r = 0; r < start[t + 1] - start[t]; ++r) {
            for (std::size_t i = 0; i < inputs; ++i) front_[place(t, r, i, inputs)] = in[(start[t] + r) * inputs + i];
        }
    }

    alignas(64) float sums[pass_rows * panel];
    const float* w = weights_.get();
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
        const shape size = layers[layer];
        const bool last = layer + 1 == layers.size();
        const std::size_t steps = tiles == 1 ? size.in : block_inputs;
        const std::size_t block_bytes = steps * panel * sizeof(float);
        for (std::size_t first = 0; first < size.out; first += panel) {
            std::fill_n(sums, rows * panel, 0.0F);
            for (std::size_t from = 0; from < size.in; from += steps) {
                for (std::size_t t = 0; t < tiles; ++t) {
                    const std::size_t tile = start[t + 1] - start[t];
                    // A single tile runs ahead of itself; several share the fetching of the next block.
                    const std::size_t stride = panel * sizeof(float) / tiles;
                    const char* ahead = reinterpret_cast<const char*>(w) +
                                        (tiles == 1 ? prefetch_bytes : block_bytes + t * steps * stride);
                    add_block_of[tile - 1](w, front_.get() + place(t, 0, from, size.in), steps, sums + start[t] * panel,
                                           ahead, stride);
                }
                w += steps * panel;
            }
            for (std::size_t t = 0; t < tiles; ++t) {
                for (std::size_t r = 0; r < start[t + 1] - start[t]; ++r) {
                    const float* sum = sums + (start[t] + r) * panel;
                    if (last) {
                        std::copy_n(sum, panel, out + (start[t] + r) * outputs + first);
                    } else {
                        for (std::size_t o = 0; o < panel; ++o) {
                            back_[place(t, r, first + o, size.out)] = std::max(sum[o], 0.0F);
                        }
                    }
                }
            }
        }
        std::swap(front_, back_);
    }
}

std::vector<double> model::reference(std::span<const float> row) {
    std::vector<double> from(row.begin(), row.end());
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
        std::vector<double> to(layers[layer].out);
        for (std::size_t out = 0; out < to.size(); ++out) {
            double sum = 0;
            for (std::size_t in = 0; in < from.size(); ++in) {
                sum += static_cast<double>(weight(layer, out, in)) * from[in];
            }
            to[out] = layer + 1 == layers.size() ? sum : std::max(sum, 0.0);
        }
        from = std::move(to);
    }
    return from;
}

}  // namespace example
