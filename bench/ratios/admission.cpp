// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// Limits by tenant, with the caller's time: beside the maps of buckets that people build, and several limits beside one.
//
// What dominates from a million tenants on is waiting for memory, so what counts is how many calls a processor can have
// begun while it waits: it looks a few hundred instructions ahead, and no further than the next guess that turns out wrong.
// In order of what each brought (times of one call as shares of those of 64 mutex shards of absl::flat_hash_map, at 1M and
// 10M tenants, on the machine and in the session it was tried in):
//  * 16 bytes a bucket, four to a cache line (0.42, 0.40 for the bare layout), in place of two of 32 bytes a line (0.59,
//    0.55) or four of 32 in two lines (0.69, 0.62).
//  * A short way for what is usual, beside one for all else: from 210 instructions to 125. A call takes as much longer as it
//    has instructions more: 0.79 -> 0.60, 0.67 -> 0.56.
//  * No branch on whether the bucket was full. Which place of the group it is may be guessed: a bit for each place in the
//    guess's stead took a quarter longer at 10M.
//  * The line is fetched for writing before the lock is taken: with ten instructions less, 0.60 -> 0.59 and 0.56 -> 0.46;
//    and two threads need not ask each other twice.
//  * The lock given back by a plain store, not an exchange: a tenth at 1M, nothing at 10M.
//  * The lock in the tenants' own line, not one of 64 beside it: nothing for one thread; for two 0.80 -> 0.65 of one.
//    As a bit in a time, which has to be read back from where the lock was just taken, a third slower.
//  * Earlier: tags of one byte in a table of their own: slower at 10M, one wait after the other. Large pages
//    (GLIBC_TUNABLES=glibc.malloc.hugetlb=1): a seventh at 10M, for all contestants.
//  * A short way also for who is in its second group, as one in 15 is: 0.61 -> 0.54 and 0.47 -> 0.42.
// What is left: one tenant in 15 is in its second group, and the permit and the verdict have to be written.
#include "../ratio.hpp"
#include "../rivals/keyed_buckets.hpp"
#include "../threads.hpp"
#include <forebay/admission/all_of.hpp>
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/admission/token_bucket.hpp>
#include <forebay/sim/distribution.hpp>
#include <forebay/sim/random.hpp>

#include <absl/container/flat_hash_map.h>
#include <array>
#include <benchmark/benchmark.h>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

namespace fb = forebay;

constexpr std::size_t million = 1'000'000;
constexpr std::int64_t per_second = 50;
// Large enough that nobody is refused: what is compared is the path of a request that gets in.
constexpr std::int64_t burst = 1'000'000;
// A tenant is asked for as often as its tokens come in, on the average, so that buckets are neither full nor empty.
constexpr std::int64_t between_calls_of_one = 1'000'000'000 / per_second;

void expect(std::size_t seen, std::size_t planned) {
    if (seen == planned) return;
    std::fprintf(stderr, "admission: %zu admitted, %zu planned\n", seen, planned);
    std::exit(2);
}

/// The identifier of the n-th tenant: spread over 64 bits, as `tenant_of` spreads them.
std::uint64_t identifier(std::uint64_t n) {
    n = (n ^ (n >> 31)) * 0x7fb5d329728ea185ULL;
    n = (n ^ (n >> 27)) * 0x81dadef4bc2dd44dULL;
    return n ^ (n >> 33);
}

/// Who asks, call after call: drawn beforehand.
template <class Draw>
std::vector<std::uint64_t> drawn(std::size_t count, Draw&& draw) {
    std::vector<std::uint64_t> result;
    result.reserve(count);
    for (std::size_t i = 0; i < count; ++i) result.push_back(identifier(draw()));
    return result;
}
std::vector<std::uint64_t> drawn_uniformly(std::size_t count, std::size_t tenants, std::uint64_t seed = 1) {
    return drawn(count, [random = fb::sim::random_stream{seed}, tenants]() mutable { return random.below(tenants); });
}

/// Walks through the draws, and begins again.
class callers {
public:
    explicit callers(const std::vector<std::uint64_t>& all) : all_{all} {}
    /// The next `count` of them. A divisor of how many there are.
    const std::uint64_t* next(std::size_t count) {
        const std::uint64_t* const result = all_.data() + at_;
        at_ = (at_ + count) % all_.size();
        return result;
    }

private:
    const std::vector<std::uint64_t>& all_;
    std::size_t at_{0};
};

/// The time of each call.
class passing_time {
public:
    explicit passing_time(std::size_t tenants)
        : step_{(between_calls_of_one << fraction) / static_cast<std::int64_t>(tenants)} {}
    std::int64_t next() { return (now_ += step_) >> fraction; }

private:
    static constexpr int fraction = 10;
    std::int64_t step_;
    std::int64_t now_{0};
};

template <class Limit>
using state_of = decltype(std::declval<const Limit&>().template build<fb::multi_threaded>());

/// forebay's limits, asked in the words of the rivals.
template <class Limit>
class forebay_limit {
public:
    explicit forebay_limit(const Limit& limit) : state_{limit.template build<fb::multi_threaded>()} {}

    bool try_acquire(std::uint64_t tenant, std::int64_t now) {
        fb::permit_of<state_of<Limit>> taken;
        const bool admitted = try_acquire(tenant, now, taken);
        benchmark::DoNotOptimize(taken);
        return admitted;
    }
    bool try_acquire(std::uint64_t tenant, std::int64_t now, fb::permit_of<state_of<Limit>>& taken) {
        const fb::request_info info{.tenant = fb::tenant_id{tenant}, .bytes = 1};
        return static_cast<bool>(state_.try_acquire(info, fb::time_point{fb::duration{now}}, taken));
    }
    [[nodiscard]] state_of<Limit>& state() { return state_; }

private:
    state_of<Limit> state_;
};
using forebay_buckets = forebay_limit<fb::per_tenant<>>;

template <class Limit>
std::size_t ask(Limit& limit, const std::uint64_t* who, passing_time& time, std::size_t count) {
    std::size_t admitted = 0;
    for (std::size_t i = 0; i < count; ++i) admitted += limit.try_acquire(who[i], time.next()) ? 1 : 0;
    return admitted;
}

/// Asks once for each of so many tenants, so that all are known.
template <class Limit>
void meet_all(Limit& limit, std::size_t tenants) {
    for (std::size_t n = 0; n < tenants; ++n) limit.try_acquire(identifier(n), 0);
}

/// A limit of which every tenant has been met, and who asks it.
template <class Limit>
struct keyed {
    template <class... Args>
    keyed(const std::vector<std::uint64_t>& draws, std::size_t tenants, Args&&... args)
        : limit{std::forward<Args>(args)...}, who{draws}, time{tenants} {
        meet_all(limit, tenants);
    }
    double hits(std::size_t count) {
        const std::uint64_t* const asking = who.next(count);
        std::size_t admitted = 0;
        const double each =
            ratio::nanoseconds_each(ratio::by::own_thread, count, [&] { admitted = ask(limit, asking, time, count); });
        expect(admitted, count);
        return each;
    }

    Limit limit;
    callers who;
    passing_time time;
};

using std_map = std::unordered_map<std::uint64_t, rival::small_bucket>;
using absl_map = absl::flat_hash_map<std::uint64_t, rival::small_bucket>;
using boost_map = boost::unordered_flat_map<std::uint64_t, rival::small_bucket>;
constexpr rival::shared_quota rival_quota{static_cast<double>(per_second) / 1e9, static_cast<double>(burst)};

fb::per_tenant<> limit_for(std::size_t tenants) {
    return {.limit = fb::quota{fb::rate::per_second(per_second), burst}, .max_tenants = tenants};
}

/// Tenants asked for at random, each as often as another.
void hits(const ratio::options& options, std::size_t tenants, const std::string& size) {
    constexpr std::size_t calls = million;
    const int rounds = options.repetitions(100);
    const auto draws = drawn_uniformly(static_cast<std::size_t>(rounds) * calls, tenants);
    keyed<forebay_buckets> own{draws, tenants, limit_for(tenants)};
    keyed<rival::sharded_buckets<absl_map>> absl{draws, tenants, rival_quota, tenants};
    keyed<rival::sharded_buckets<boost_map>> boost{draws, tenants, rival_quota, tenants};
    keyed<rival::sharded_buckets<std_map>> standard{draws, tenants, rival_quota, tenants};
    keyed<rival::concurrent_buckets> tbb{draws, tenants, rival_quota, tenants};

    const threads::company others;
    const ratio::contest contest{"limit by tenant, " + size + " tenants, uniform, 1 thread",
                                 "ns a call",
                                 rounds,
                                 {{"per_tenant<multi_threaded>", [&] { return own.hits(calls); }},
                                  {"64 mutex shards, absl::flat_hash_map", [&] { return absl.hits(calls); }},
                                  {"64 mutex shards, boost::unordered_flat_map", [&] { return boost.hits(calls); }},
                                  {"64 mutex shards, std::unordered_map", [&] { return standard.hits(calls); }},
                                  {"tbb::concurrent_hash_map", [&] { return tbb.hits(calls); }}}};
    contest.report_max(("per_tenant_" + size + "_vs_absl").c_str(), 0, 1, 0.6);
    contest.report_max(("per_tenant_" + size + "_vs_unordered_map").c_str(), 0, 3, 0.35);
    contest.report(("per_tenant_" + size + "_vs_boost").c_str(), 0, 2);
    contest.report(("per_tenant_" + size + "_vs_tbb").c_str(), 0, 4);
    std::printf("  %-58s %10llu\n", "met in the overflow bucket",
                static_cast<unsigned long long>(own.limit.state().overflowed()));
    ratio::judge(("per_tenant_" + size + "_bytes").c_str(),
                 static_cast<double>(own.limit.state().memory()) / static_cast<double>(tenants), "max", 64,
                 "bytes / tenant");
}

/// Two threads that ask for whom they like: popular tenants are asked for by both.
void two_threads(const ratio::options& options) {
    constexpr std::size_t tenants = million;
    constexpr std::size_t calls = 500'000;
    const int rounds = options.repetitions(51);
    const auto zipf = [](std::uint64_t seed) {
        return drawn(20 * calls, [random = fb::sim::random_stream{seed},
                                  rank = fb::sim::distribution::zipf(tenants, 0.99)]() mutable {
            return static_cast<std::uint64_t>(rank.draw(random) - 1);
        });
    };
    const std::vector<std::uint64_t> draws[2]{zipf(1), zipf(2)};
    callers who[2]{callers{draws[0]}, callers{draws[1]}};
    passing_time time[2]{passing_time{tenants}, passing_time{tenants}};

    const auto measure = [&](auto& limit, auto together) {
        const std::uint64_t* const asking[2]{who[0].next(calls), who[1].next(calls)};
        return threads::calmest([&] {
            return together(calls, [&](std::size_t thread, std::size_t count) {
                passing_time its = time[thread];
                expect(ask(limit, asking[thread], its, count), count);
                time[thread] = its;
            });
        });
    };
    const auto one = [](std::size_t count, auto work) { return threads::one_alone(count, work); };
    const auto two = [](std::size_t count, auto work) { return threads::two_at_once(count, work); };
    forebay_buckets own{
        {.limit = fb::quota{fb::rate::per_second(million), 1'000'000 * million}, .max_tenants = tenants}};
    rival::sharded_buckets<absl_map> absl{{1e-3, 1e12}, tenants};
    meet_all(own, tenants);
    meet_all(absl, tenants);
    const ratio::contest contest{
        "limit by tenant, 1M tenants, Zipf 0.99",
        "ns a call of any",
        rounds,
        {{"per_tenant<multi_threaded>, 1 thread", [&] { return measure(own, one); }},
         {"per_tenant<multi_threaded>, 2 threads", [&] { return measure(own, two); }},
         {"64 mutex shards, absl::flat_hash_map, 1 thread", [&] { return measure(absl, one); }},
         {"64 mutex shards, absl::flat_hash_map, 2 threads", [&] { return measure(absl, two); }}}};
    contest.report_max("per_tenant_2_threads_vs_1", 1, 0, 0.7);
    contest.report("absl_2_threads_vs_1", 3, 2);
}

/// Tenants known by texts of 16 characters.
void texts(const ratio::options& options) {
    constexpr std::size_t tenants = million;
    constexpr std::size_t calls = 500'000;
    const int rounds = options.repetitions(51);
    using name = std::array<char, 16>;
    const auto named = [](std::uint64_t tenant) {
        name result;
        for (char& letter : result) letter = static_cast<char>('a' + (tenant & 15)), tenant >>= 4;
        return result;
    };
    const auto tenant_named = [](const name& text) {
        return static_cast<std::uint64_t>(fb::tenant_of(std::string_view{text.data(), text.size()}));
    };
    std::vector<name> names;
    std::vector<std::uint64_t> numbers;
    fb::sim::random_stream random{3};
    for (std::size_t i = 0; i < 20 * calls; ++i) {
        names.push_back(named(identifier(random.below(tenants))));
        numbers.push_back(tenant_named(names.back()));
    }
    forebay_buckets limit{limit_for(tenants)};
    for (std::size_t n = 0; n < tenants; ++n) limit.try_acquire(tenant_named(named(identifier(n))), 0);
    passing_time time{tenants};
    std::size_t at = 0;
    const auto measure = [&](auto number) {
        std::size_t admitted = 0;
        const double each = ratio::nanoseconds_each(ratio::by::own_thread, calls, [&] {
            for (std::size_t i = at; i < at + calls; ++i) admitted += limit.try_acquire(number(i), time.next()) ? 1 : 0;
        });
        at = (at + calls) % names.size();
        expect(admitted, calls);
        return each;
    };
    const threads::company others;
    const ratio::contest contest{
        "limit by tenant, 1M tenants, uniform, names of 16 characters",
        "ns a call",
        rounds,
        {{"per_tenant<multi_threaded>, numbers", [&] { return measure([&](std::size_t i) { return numbers[i]; }); }},
         {"per_tenant<multi_threaded>, names through tenant_of",
          [&] { return measure([&](std::size_t i) { return tenant_named(names[i]); }); }}}};
    contest.report("per_tenant_names_vs_numbers", 1, 0);
}

/// A limit and the permits of `calls` requests, which have to be settled before the next are asked for.
template <class Limit>
class settled {
public:
    settled(const std::vector<std::uint64_t>& draws, std::size_t tenants, std::size_t calls, const Limit& limit)
        : limit_{limit}, who_{draws}, time_{tenants}, permits_(calls) {}

    double acquiring() {
        const double each = take();
        end();
        return each;
    }
    double settling() {
        take();
        return end();
    }

private:
    double take() {
        const std::uint64_t* const asking = who_.next(permits_.size());
        std::size_t admitted = 0;
        const double each = ratio::nanoseconds_each(ratio::by::own_thread, permits_.size(), [&] {
            for (std::size_t i = 0; i < permits_.size(); ++i) {
                admitted += limit_.try_acquire(asking[i], time_.next(), permits_[i]) ? 1 : 0;
            }
        });
        expect(admitted, permits_.size());
        return each;
    }
    /// Every second request cost nothing, the others twice what was taken.
    double end() {
        return ratio::nanoseconds_each(ratio::by::own_thread, permits_.size(), [&] {
            for (std::size_t i = 0; i < permits_.size(); ++i) {
                limit_.state().settle(permits_[i], i % 2 == 0 ? 0 : 2, fb::time_point{fb::duration{time_.next()}});
            }
        });
    }

    forebay_limit<Limit> limit_;
    callers who_;
    passing_time time_;
    std::vector<fb::permit_of<state_of<Limit>>> permits_;
};

void settlement(const ratio::options& options) {
    constexpr std::size_t tenants = million;
    constexpr std::size_t calls = 200'000;
    const auto draws = drawn_uniformly(50 * calls, tenants);
    const fb::quota each{fb::rate::per_second(per_second), burst};
    settled limit{draws, tenants, calls, fb::per_tenant{.limit = each, .counts = fb::by_cost, .max_tenants = tenants}};
    const threads::company others;
    const ratio::contest contest{"settlement, 1M tenants, uniform, 1 thread",
                                 "ns a call",
                                 options.repetitions(101),
                                 {{"per_tenant by_cost: try_acquire", [&] { return limit.acquiring(); }},
                                  {"per_tenant by_cost: settle", [&] { return limit.settling(); }}}};
    contest.report_max("settle_vs_try_acquire", 1, 0, 2);
}

/// Requests, cost and bytes of a tenant and places for all, beside one bucket.
void dimensions(const ratio::options& options, std::size_t tenants, const std::string& size) {
    constexpr std::size_t calls = 50'000;
    const auto draws = drawn_uniformly(100 * calls, tenants);
    const fb::quota each{fb::rate::per_second(per_second), burst};
    const fb::per_tenant by_requests{.limit = each, .max_tenants = std::max<std::size_t>(tenants, 1000)};
    const fb::per_tenant by_cost{.limit = each, .counts = fb::by_cost, .max_tenants = by_requests.max_tenants};
    const fb::per_tenant by_bytes{.limit = each, .counts = fb::by_bytes, .max_tenants = by_requests.max_tenants};
    settled one{draws, tenants, calls, by_requests};
    settled four{draws, tenants, calls, fb::all_of{by_requests, by_cost, by_bytes, fb::concurrency_limit{burst}}};
    const threads::company others;
    const ratio::contest contest{"limits at once, " + size + " tenants, uniform, 1 thread",
                                 "ns a call",
                                 options.repetitions(101),
                                 {{"per_tenant", [&] { return one.acquiring(); }},
                                  {"all_of requests, cost, bytes, in flight", [&] { return four.acquiring(); }}}};
    contest.report_max(("four_limits_vs_one_" + size).c_str(), 1, 0, 6);
}

}  // namespace

int main(int argc, char** argv) {
    const ratio::options options = ratio::parse(argc, argv);
    threads::cpus();
    hits(options, million, "1M");
    hits(options, 10 * million, "10M");
    if (threads::cpus().size() > 1) {
        two_threads(options);
    } else {
        std::puts("limit by tenant, 2 threads: skipped, this process may use one CPU only");
    }
    texts(options);
    settlement(options);
    dimensions(options, 1, "1");
    dimensions(options, million, "1M");
}
