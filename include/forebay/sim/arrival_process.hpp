// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/sim/distribution.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/real.hpp>
#include <forebay/sim/variates.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace forebay::inline v0::sim {

class arrival_times;

/// When requests come: a copyable description, of which each run opens its own `arrival_times`.
///
/// Times start after 0, on the workload's own clock. A gap is rounded to the nearest nanosecond, so that a mean is off by
/// up to half of one.
/// errors   std::invalid_argument for parameters that cannot be; it says what was expected
class arrival_process {
public:
    /// A rate that holds for some time.
    struct step {
        rate arrivals;
        duration lasts;
    };

    /// One every 1 / rate, without drift: request n at n / rate, cut to the nanosecond. cv of the gaps 0.
    [[nodiscard]] static arrival_process deterministic(rate arrivals) { return metronome{some(arrivals)}; }

    /// Gaps exponential: independent users. cv 1.
    [[nodiscard]] static arrival_process poisson(rate arrivals) { return memoryless{some(arrivals)}; }

    /// Gaps gamma with mean 1 / rate: cv > 1 comes in bursts, cv < 1 is more even than Poisson. [0 < cv <= 100]
    [[nodiscard]] static arrival_process gamma(rate arrivals, double cv) {
        const real square = squared(cv);
        return gamma_gaps{gamma_variate{real{1} / square}, square * mean_gap(arrivals)};
    }

    /// Gaps Weibull with mean 1 / rate. [0.01 <= cv <= 100]
    [[nodiscard]] static arrival_process weibull(rate arrivals, double cv) {
        const real inverse = real{1} / weibull_shape(real{cv});
        return weibull_gaps{ln(mean_gap(arrivals)) - ln_gamma(real{1} + inverse), inverse};
    }

    /// Poisson at `first` and at `second` in turns, each for an exponential time (a Markov-modulated process of two
    /// states); it begins in either as likely as it is found there. Mean rate (first * mean_first + second *
    /// mean_second) / (mean_first + mean_second). [one rate > 0, means > 0, their sum within 292 years]
    [[nodiscard]] static arrival_process on_off(rate first, rate second, duration mean_first, duration mean_second) {
        if (first.is_zero() && second.is_zero()) refuse("on/off arrivals need a rate > 0 in one state");
        if (mean_first <= duration{0} || mean_second <= duration{0} || mean_first > duration::max() - mean_second) {
            refuse("on/off arrivals need mean times > 0 in both states");
        }
        return switching{{first, second}, {mean_first, mean_second}};
    }

    /// Poisson with the rate mean * (1 + amplitude * sin(2 pi (t / period + phase))): a day's tide.
    /// [0 <= amplitude <= 1, period > 0, 0 <= phase < 1]
    [[nodiscard]] static arrival_process sinusoid(rate mean, double amplitude, duration period, double phase = 0) {
        const real height{amplitude};
        const real start{phase};
        if (height < 0 || height > 1) refuse("a sinusoid needs an amplitude from 0 to 1, relative to its mean");
        if (period <= duration{0}) refuse("a sinusoid needs a period > 0");
        if (start < 0 || start >= 1) refuse("a sinusoid needs a phase from 0 to below 1, in periods");
        return tide{mean_gap(mean) / (real{1} + height), static_cast<std::uint64_t>(height.magnitude(62)),
                    period.count(), static_cast<std::uint64_t>(start.magnitude(64))};
    }

    /// Poisson with a rate that changes in steps, which begin again after the last.
    /// [at least one step with a rate > 0; each lasts > 0]
    [[nodiscard]] static arrival_process steps(std::vector<step> all) {
        bool any = false;
        for (const step& each : all) {
            if (each.lasts <= duration{0}) refuse("each step of a rate needs to last > 0");
            any = any || !each.arrivals.is_zero();
        }
        if (!any) refuse("a rate in steps needs a step with a rate > 0");
        return staircase{std::make_shared<const std::vector<step>>(std::move(all))};
    }

    /// The same instants, at each of which not one request comes but as many as drawn (0 counts as 1).
    [[nodiscard]] arrival_process in_bulk(distribution sizes) const {
        arrival_process result = *this;
        result.bulk_ = std::move(sizes);
        return result;
    }

private:
    friend class arrival_times;

    /// What a kind may draw from: the gaps, and what modulates them.
    struct streams {
        random_stream gaps;
        random_stream states;
    };

    struct metronome {
        rate arrivals;
        time_point at{};
        std::int64_t rest{0};
        time_point next(streams&) noexcept {
            const std::int64_t tokens = arrivals.tokens();
            at = saturating_add(at, duration{arrivals.nanoseconds() / tokens});
            rest += arrivals.nanoseconds() % tokens;
            if (rest >= tokens) {
                rest -= tokens;
                at = saturating_add(at, duration{1});
            }
            return at;
        }
    };
    struct memoryless {
        rate arrivals;
        time_point at{};
        time_point next(streams& from) { return at = saturating_add(at, from.gaps.exponential(arrivals)); }
    };
    struct gamma_gaps {
        gamma_variate plain;
        real scale;
        time_point at{};
        time_point next(streams& from) {
            return at = saturating_add(at, duration{(scale * plain(from.gaps)).rounded()});
        }
    };
    struct weibull_gaps {
        real ln_scale;
        real power;
        time_point at{};
        time_point next(streams& from) {
            const real plain = exponential_draw(from.gaps);
            if (!plain.is_zero()) at = saturating_add(at, duration{exp(ln_scale + power * ln(plain)).rounded()});
            return at;
        }
    };
    struct switching {
        std::array<rate, 2> arrivals;
        std::array<duration, 2> means;
        std::size_t state{2};
        time_point at{};
        time_point until{};
        time_point next(streams& from) {
            if (state == 2) {
                const auto whole = static_cast<std::uint64_t>((means[0] + means[1]).count());
                state = from.states.chance(static_cast<std::uint64_t>(means[0].count()), whole) ? 0 : 1;
                until = saturating_add(at, from.states.exponential(means[state]));
            }
            // Where a state ends, the gap begins anew in the next one: it has no memory.
            while (at != time_point::max()) {
                if (!arrivals[state].is_zero()) {
                    const time_point candidate = saturating_add(at, from.gaps.exponential(arrivals[state]));
                    if (candidate < until) return at = candidate;
                }
                at = until;
                state = 1 - state;
                until = saturating_add(at, from.states.exponential(means[state]));
            }
            return at;
        }
    };
    /// source  Lewis, Shedler: Simulation of nonhomogeneous Poisson processes by thinning, Naval Research Logistics
    ///         Quarterly 26(3), 1979
    struct tide {
        real shortest;            // mean gap at the highest rate, ns
        std::uint64_t amplitude;  // in units of 2^-62
        std::int64_t period;
        std::uint64_t phase;  // in units of 2^-64
        time_point at{};
        time_point next(streams& from) {
            constexpr std::uint64_t one = std::uint64_t{1} << 62;
            while (at != time_point::max()) {
                at = saturating_add(at, duration{(shortest * exponential_draw(from.gaps)).rounded()});
                const auto within = static_cast<wide>(at.time_since_epoch().count() % period);
                const auto turns = static_cast<std::uint64_t>((within << 64) / static_cast<wide>(period)) + phase;
                const std::int64_t wave = sine(turns);
                const auto swing =
                    static_cast<std::uint64_t>((static_cast<wide>(wave < 0 ? -wave : wave) * amplitude) >> 62);
                if (from.states.below(one + amplitude) < (wave < 0 ? one - swing : one + swing)) break;
            }
            return at;
        }
    };
    struct staircase {
        std::shared_ptr<const std::vector<step>> all;
        std::size_t now{0};
        time_point at{};
        time_point until{time_point{} + all->front().lasts};
        time_point next(streams& from) {
            while (at != time_point::max()) {
                const rate arrivals = (*all)[now].arrivals;
                if (!arrivals.is_zero()) {
                    const time_point candidate = saturating_add(at, from.gaps.exponential(arrivals));
                    if (candidate < until) return at = candidate;
                }
                at = until;
                now = now + 1 == all->size() ? 0 : now + 1;
                until = saturating_add(at, (*all)[now].lasts);
            }
            return at;
        }
    };
    using kinds = std::variant<metronome, memoryless, gamma_gaps, weibull_gaps, switching, tide, staircase>;

    [[noreturn]] static void refuse(const char* expected) {
        throw std::invalid_argument(std::string{"forebay: "} + expected);
    }
    static rate some(rate arrivals) {
        if (arrivals.is_zero()) refuse("an arrival process needs a rate > 0");
        return arrivals;
    }
    static real mean_gap(rate arrivals) { return real{some(arrivals).nanoseconds()} / arrivals.tokens(); }
    static real squared(double cv) {
        const real spread{cv};
        if (spread <= 0 || spread > 100) refuse("gamma arrivals need a coefficient of variation above 0, up to 100");
        return spread * spread;
    }

    template <class Kind>
    arrival_process(Kind kind) : kind_{std::move(kind)} {}  // NOLINT: the named functions are the constructors

    kinds kind_;
    std::optional<distribution> bulk_;
};

/// The instants of one arrival_process, one by one.
///
/// Draws from the streams (seed, tenant, variable + k 2^32) for k = 0 (gaps), 1 (what changes the rate), 2 (bulks).
class arrival_times {
public:
    arrival_times(const arrival_process& process, std::uint64_t seed, tenant_id tenant, std::uint64_t variable)
        : kind_{process.kind_},
          bulk_{process.bulk_},
          streams_{random_stream{seed, tenant, variable}, random_stream{seed, tenant, variable + (1ULL << 32)}},
          sizes_{seed, tenant, variable + (2ULL << 32)} {}

    /// When the next one comes; time_point::max() if that is never.
    /// cost  O(1) amortised, allocates nothing
    [[nodiscard]] time_point next() {
        if (more_ > 0) {
            --more_;
            return at_;
        }
        at_ = std::visit([&](auto& kind) { return kind.next(streams_); }, kind_);
        if (bulk_) more_ = std::max<std::int64_t>(bulk_->draw(sizes_), 1) - 1;
        return at_;
    }

private:
    arrival_process::kinds kind_;
    std::optional<distribution> bulk_;
    arrival_process::streams streams_;
    random_stream sizes_;
    time_point at_{};
    std::int64_t more_{0};
};

}  // namespace forebay::inline v0::sim
