// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "inference.hpp"

#include "cpus.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

namespace example {
namespace {

/// Row `row` of a payload's input: uniform in [-1, 1), from a 64-bit linear congruential generator (Knuth's MMIX).
void draw_row(request r, std::size_t row, std::span<float> to) {
    std::uint64_t state = (static_cast<std::uint64_t>(r.kind) << 32 | std::uint64_t{r.payload} << 8 | row) + 1;
    state *= 0x9e3779b97f4a7c15ULL;
    for (float& x : to) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        x = static_cast<float>(state >> 40) * 0x1p-23F - 1.0F;
    }
}

/// FNV-1a, taken over words instead of bytes.
std::uint64_t digest(std::span<const float> values) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const float x : values) hash = (hash ^ std::bit_cast<std::uint32_t>(x)) * 0x100000001b3ULL;
    return hash;
}

}  // namespace

std::vector<reply> inference::operator()(std::span<const request> batch) {
    const forebay::steady_clock clock;
    const forebay::time_point start = clock.now();
    std::size_t rows = 0;
    for (const request r : batch) rows += rows_of(r.kind);
    in_.resize(rows * model::inputs);
    out_.resize(rows * model::outputs);

    std::size_t next = 0;
    for (const request r : batch) {
        for (std::size_t row = 0; row < rows_of(r.kind); ++row, ++next) {
            draw_row(r, row, std::span{in_}.subspan(next * model::inputs, model::inputs));
        }
    }
    net_.run(in_, out_);

    std::vector<reply> replies;
    replies.reserve(batch.size());
    next = 0;
    for (const request r : batch) {
        const auto out = std::span{out_}.subspan(next * model::outputs, rows_of(r.kind) * model::outputs);
        replies.push_back({digest(out), {out[0], out[1], out[2], out[3]}});
        next += rows_of(r.kind);
    }
    calls_.push_back({batch.size(), static_cast<std::int64_t>(rows), start, clock.now()});
    return replies;
}

answer_key::answer_key(inference& run) {
    for (const modality kind : modalities) {
        for (std::uint16_t p = 0; p < payloads; ++p) {
            const request alone{kind, p};
            replies_.push_back(run({&alone, 1}).front());
        }
    }
}

service_times service_times::measure(inference& run) {
    service_times result;
    result.measure_again(run);
    return result;
}

void service_times::measure_again(inference& run) {
    keep_to_cpu(part::model);  // where it will run
    constexpr int most = 31;
    constexpr int least = 5;
    constexpr std::chrono::seconds enough{4};
    const forebay::steady_clock clock;

    const auto call = [&](std::size_t rows, int round) {
        const std::vector<request> batch(rows, {modality::text, static_cast<std::uint16_t>(round)});
        run(batch);
        return run.last_call().end - run.last_call().start;
    };
    for (const std::size_t rows : measured_rows) static_cast<void>(call(rows, 0));  // once, to have all in its place
    const forebay::time_point until = clock.now() + enough;
    // In rounds, so that what else goes on in the machine meanwhile meets all sizes alike.
    for (int round = 0; round < least || (round < most && clock.now() < until); ++round) {
        for (std::size_t i = 0; i < times_.size(); ++i) times_[i].push_back(call(measured_rows[i], round));
    }

    points_.clear();
    millionths_.clear();
    for (std::size_t i = 0; i < times_.size(); ++i) {
        const auto middle = times_[i].begin() + static_cast<std::ptrdiff_t>(times_[i].size() / 2);
        std::ranges::nth_element(times_[i], middle);
        const forebay::duration median = std::max(*middle, forebay::duration{1});
        points_.push_back({static_cast<std::int64_t>(measured_rows[i]), median});
        for (const forebay::duration time : times_[i]) millionths_.push_back(time.count() * 1'000'000 / median.count());
    }
}

}  // namespace example
