// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/distribution.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/real.hpp>
#include <forebay/sim/service_model.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

// Models of which a part is chance. What a batch is dealt depends on the seed and on the request that leads it: a batch
// that another policy forms behind the same request is dealt the same.

/// The 64 random bits that belong to a number: the output of splitmix64 at that place of its sequence.
/// source  Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014
class numbered_draws {
public:
    /// variable  draws of one seed for different variables are independent
    constexpr numbered_draws(std::uint64_t seed, std::uint64_t variable) noexcept
        : start_{random_stream{seed, tenant_id{}, variable}.next()} {}

    [[nodiscard]] constexpr std::uint64_t operator[](std::uint64_t number) const noexcept {
        std::uint64_t z = start_ + (number + 1) * 0x9e3779b97f4a7c15ULL;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }

private:
    std::uint64_t start_;
};

/// Exponential, whatever is in the batch; the mean may depend on the class of the request that leads it.
class exponential_service {
public:
    /// errors  std::invalid_argument if mean < 0
    exponential_service(duration mean, std::uint64_t seed) : exponential_service{std::vector<duration>{mean}, seed} {}
    /// means   by class from 0; later classes have the last one's, classes below 0 the first one's [each >= 0]
    /// errors  std::invalid_argument if there is none, or one is negative
    exponential_service(std::vector<duration> means, std::uint64_t seed)
        : means_{std::move(means)}, draws_{seed, 0x6578706f6e656e74} {
        const auto wrong = [](duration mean) { return mean < duration{0}; };
        if (means_.empty() || std::any_of(means_.begin(), means_.end(), wrong)) {
            throw std::invalid_argument("forebay: exponential_service needs at least one mean, each >= 0");
        }
    }

    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        const auto last = static_cast<std::int64_t>(means_.size()) - 1;
        const auto place = static_cast<std::size_t>(std::clamp<std::int64_t>(shape.priority, 0, last));
        const wide nanoseconds =
            static_cast<wide>(minus_ln(draws_[shape.lead])) * static_cast<std::uint64_t>(means_[place].count());
        constexpr auto most = static_cast<wide>(duration::max().count());
        return duration{static_cast<std::int64_t>(std::min((nanoseconds + (wide{1} << 57)) >> 58, most))};
    }

private:
    std::vector<duration> means_;
    numbered_draws draws_;
};

/// Another model times a factor drawn for each batch: lognormal of mean 1, or one of those that were measured.
template <service_model Inner>
class noisy_service {
public:
    /// cv      deviation of the factor: 0.1 for a tenth up or down    [0 .. 1000]
    /// errors  std::invalid_argument
    noisy_service(Inner inner, double cv, std::uint64_t seed)
        : noisy_service{std::move(inner), distribution::lognormal(std::int64_t{1} << 32, cv), std::int64_t{1} << 32,
                        seed} {}
    /// factor  a draw of `one` leaves the time as it is; `distribution::empirical` of measured ratios, for instance
    /// one     [> 0]
    /// errors  std::invalid_argument
    noisy_service(Inner inner, distribution factor, std::int64_t one, std::uint64_t seed)
        : inner_{std::move(inner)}, factor_{std::move(factor)}, one_{one}, seed_{seed} {
        if (one < 1) throw std::invalid_argument("forebay: noisy_service needs a factor whose `one` is > 0");
    }

    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        constexpr std::uint64_t variable = 0x6e6f697365;
        random_stream stream{seed_, tenant_id{shape.lead}, variable};
        return duration{scaled(inner_(shape).count(), factor_.draw(stream), one_)};
    }

private:
    Inner inner_;
    distribution factor_;
    std::int64_t one_;
    std::uint64_t seed_;
};

/// Another model, of which one batch in `one_in`, on average, takes `factor` times as long.
template <service_model Inner>
class straggler_service {
public:
    /// one_in  [> 0]
    /// factor  [0 .. 10^6]
    /// errors  std::invalid_argument
    straggler_service(Inner inner, std::uint64_t one_in, double factor, std::uint64_t seed)
        : inner_{std::move(inner)}, one_in_{one_in}, factor_{factor}, draws_{seed, 0x73747261676c6572} {
        if (one_in == 0) throw std::invalid_argument("forebay: straggler_service needs one_in > 0");
        if (factor_ < 0 || factor_ > 1'000'000) {
            throw std::invalid_argument("forebay: straggler_service needs a factor from 0 to 1,000,000");
        }
    }

    [[nodiscard]] duration operator()(const batch_shape& shape) const {
        const duration usual = inner_(shape);
        const bool straggles = (static_cast<wide>(draws_[shape.lead]) * one_in_) >> 64 == 0;
        if (!straggles) return usual;
        return duration{(factor_ * usual.count()).rounded()};
    }

private:
    Inner inner_;
    std::uint64_t one_in_;
    real factor_;
    numbered_draws draws_;
};

}  // namespace forebay::inline v0::sim
