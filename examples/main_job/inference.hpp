// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model.hpp"
#include <forebay/sim/distribution.hpp>
#include <forebay/sim/random_service.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace example {

/// What a request carries. Most urgent first: the number is also the request's priority.
enum class modality : std::uint8_t { text, image, video };
inline constexpr std::array modalities{modality::text, modality::image, modality::video};

[[nodiscard]] constexpr const char* to_string(modality kind) noexcept {
    constexpr std::array names{"text", "image", "video"};
    return names[static_cast<std::size_t>(kind)];
}

/// Rows of the model's input that a request takes: larger things cost more.
[[nodiscard]] constexpr std::size_t rows_of(modality kind) noexcept {
    constexpr std::array<std::size_t, 3> rows{1, 2, 4};
    return rows[static_cast<std::size_t>(kind)];
}

/// The input itself is drawn from (kind, payload) by the model's side, so that a request is small to copy.
struct request {
    modality kind{modality::text};
    std::uint16_t payload{0};
};
/// Different inputs of each modality.
inline constexpr std::uint16_t payloads = 64;

/// A digest over every bit of the output, and its beginning.
struct reply {
    std::uint64_t digest{0};
    std::array<float, 4> head{};

    friend bool operator==(const reply&, const reply&) = default;
};

/// Runs requests on the model, together, and notes each call. One thread at a time.
class inference {
public:
    struct call {
        std::size_t requests;
        std::int64_t rows;
        forebay::time_point start;
        forebay::time_point end;
    };

    explicit inference(model& net) : net_{net} {}

    /// One reply per request, in the same order.
    std::vector<reply> operator()(std::span<const request> batch);

    /// The call that ended last.
    [[nodiscard]] const call& last_call() const noexcept { return calls_.back(); }
    /// All calls since this was last asked.
    std::vector<call> take_calls() noexcept { return std::exchange(calls_, {}); }

private:
    model& net_;
    std::vector<float> in_;
    std::vector<float> out_;
    std::vector<call> calls_;
};

/// Every payload's reply from a call of its own: what each reply is compared with.
class answer_key {
public:
    explicit answer_key(inference& run);
    [[nodiscard]] const reply& operator[](request r) const noexcept {
        return replies_[static_cast<std::size_t>(r.kind) * payloads + r.payload];
    }

private:
    std::vector<reply> replies_;
};

/// How long a call takes, by the rows in it; measured here and now.
class service_times {
public:
    /// The median of up to 31 calls at each of a dozen sizes. Takes about two seconds.
    static service_times measure(inference& run);
    /// As many calls more: the medians are of all from then on.
    void measure_again(inference& run);

    [[nodiscard]] const std::vector<forebay::sim::table_service::point>& points() const noexcept { return points_; }
    /// Straight lines between the points. Sums of rows are the requests' costs.
    [[nodiscard]] forebay::sim::table_service table() const {
        return forebay::sim::table_service{points_, &forebay::sim::batch_shape::cost};
    }
    /// The same, as uneven as the calls were that were measured: each batch takes as much longer or shorter than the median
    /// as one of them did.
    [[nodiscard]] auto uneven(std::uint64_t seed) const {
        return forebay::sim::noisy_service{table(), forebay::sim::distribution::empirical(millionths_), 1'000'000,
                                           seed};
    }

private:
    static constexpr std::array<std::size_t, 12> measured_rows{1, 2, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64};

    std::array<std::vector<forebay::duration>, measured_rows.size()> times_;
    std::vector<forebay::sim::table_service::point> points_;
    std::vector<std::int64_t> millionths_;  // every call, of its size's median
};

}  // namespace example
