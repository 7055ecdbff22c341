// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "structured_fields.hpp"
#include <forebay/admission/token_bucket.hpp>
#include <forebay/http.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fb = forebay;
using namespace std::chrono_literals;

namespace {

constexpr fb::time_point noon{12h};

constexpr int later(fb::limit which) {
    return fb::http_status(fb::retry_at(noon, which, 1));
}
constexpr int for_good(fb::limit which) {
    return fb::http_status(fb::never(which));
}
/// Retry-After for a wait of `d`.
std::optional<std::string> after(fb::duration d) {
    return fb::retry_after(fb::retry_at(noon + d, fb::limit::rate, 1), noon);
}
const fb::advertised_limit hundred_a_minute{
    .name = "default", .allowed = 100, .remaining = 50, .window = 60s, .reset = 30s};

}  // namespace

// --- status codes ----------------------------------------------------------------------------------------------------

TEST_CASE("an admitted request is 202: it has no outcome yet") {
    STATIC_REQUIRE(fb::http_status(fb::admitted(noon)) == 202);
}

TEST_CASE("who sent more than its quota gets 429, and who asks for more than it can ever have 413") {
    STATIC_REQUIRE(later(fb::limit::rate) == 429);
    STATIC_REQUIRE(for_good(fb::limit::rate) == 413);
}

TEST_CASE("where the server is full it is 503, and 413 for what would not even fit an empty one") {
    STATIC_REQUIRE(later(fb::limit::concurrency) == 503);
    STATIC_REQUIRE(for_good(fb::limit::concurrency) == 413);
    STATIC_REQUIRE(later(fb::limit::queued_requests) == 503);
    STATIC_REQUIRE(for_good(fb::limit::queued_requests) == 503);
    STATIC_REQUIRE(later(fb::limit::queued_cost) == 503);
    STATIC_REQUIRE(for_good(fb::limit::queued_cost) == 413);
    STATIC_REQUIRE(for_good(fb::limit::oversize) == 413);
}

TEST_CASE("a server that closes, and a policy that names no limit, are 503") {
    STATIC_REQUIRE(for_good(fb::limit::closed) == 503);
    STATIC_REQUIRE(later(fb::limit::none) == 503);
    STATIC_REQUIRE(for_good(fb::limit::none) == 503);
}

TEST_CASE("a deadline that has passed is 504, and numbers without meaning are 400") {
    STATIC_REQUIRE(for_good(fb::limit::deadline) == 504);
    STATIC_REQUIRE(for_good(fb::limit::bad_cost) == 400);
    STATIC_REQUIRE(for_good(fb::limit::bad_priority) == 400);
}

TEST_CASE("every limit has a status of its own choice, and a value that is none has 500") {
    for (int i = 0; i <= static_cast<int>(fb::limit::closed); ++i) {
        const auto which = static_cast<fb::limit>(i);
        INFO("limit " << fb::to_string(which));
        for (const int status : {later(which), for_good(which)}) {
            CHECK(status != 500);
            CHECK((status >= 400 && status < 600));
        }
        // What no waiting helps is told by none of the codes that mean "wait", unless another server may help.
        if (for_good(which) == 503) CHECK(later(which) == 503);
        CHECK(for_good(which) != 429);
    }
    CHECK(later(static_cast<fb::limit>(255)) == 500);
    CHECK(fb::http_status(static_cast<fb::ending>(255)) == 500);
}

TEST_CASE("every ending has its status") {
    STATIC_REQUIRE(fb::http_status(fb::ending::delivered) == 200);
    STATIC_REQUIRE(fb::http_status(fb::ending::failed) == 500);
    STATIC_REQUIRE(fb::http_status(fb::ending::expired) == 504);
    STATIC_REQUIRE(fb::http_status(fb::ending::cancelled) == 499);
    STATIC_REQUIRE(fb::http_status(fb::ending::evicted) == 503);
    STATIC_REQUIRE(fb::http_status(fb::ending::closed) == 503);
}

TEST_CASE("an outcome has the status of its ending, whatever its result is") {
    CHECK(fb::http_status(fb::outcome<std::string>{std::string{"reply"}}) == 200);
    CHECK(fb::http_status(fb::outcome<int>{404}) == 200);
    CHECK(fb::http_status(fb::outcome<int>{fb::ending::expired}) == 504);
    CHECK(fb::http_status(fb::outcome<int>{fb::failure::exception}) == 500);
    CHECK(fb::http_status(fb::outcome<int>{fb::failure::wrong_count}) == 500);
    CHECK(fb::http_status(fb::outcome<int>{fb::failure::not_completed}) == 500);
}

TEST_CASE("the codes of what the host decides before forebay is asked have names too") {
    STATIC_REQUIRE(fb::http_code::unauthorized == 401);
    STATIC_REQUIRE(fb::http_code::forbidden == 403);
    STATIC_REQUIRE(fb::http_code::request_timeout == 408);
}

// --- Retry-After -----------------------------------------------------------------------------------------------------

TEST_CASE("Retry-After is in whole seconds, rounded up") {
    CHECK(after(1ns) == "1");
    CHECK(after(999'999'999ns) == "1");
    CHECK(after(1s) == "1");
    CHECK(after(1s + 1ns) == "2");
    CHECK(after(119s + 1ns) == "120");
    CHECK(after(120s) == "120");
}

TEST_CASE("Retry-After is at least one second for whoever has to come again") {
    CHECK(after(0ns) == "1");
    CHECK(after(-1ns) == "1");
    CHECK(after(-5s) == "1");
    CHECK(fb::retry_after(fb::retry_at(noon, fb::limit::queued_requests, 1, fb::certainty::on_completion), noon) ==
          "1");
    CHECK(fb::retry_after(fb::retry_at(fb::time_point::min(), fb::limit::rate, 1), fb::time_point::max()) == "1");
}

TEST_CASE("Retry-After of a far future is held, not wrapped") {
    constexpr fb::time_point last = fb::no_deadline - 1ns;
    CHECK(fb::retry_after(fb::retry_at(last, fb::limit::rate, 1), fb::time_point::min()) == "9223372037");
    CHECK(fb::retry_after(fb::retry_at(last, fb::limit::rate, 1), fb::time_point{}) == "9223372037");
    CHECK(fb::retry_after(fb::retry_at(last, fb::limit::rate, 1), last - 7s) == "7");
}

TEST_CASE("there is no Retry-After where no instant is known or nobody has to come again") {
    CHECK_FALSE(fb::retry_after(fb::never(fb::limit::oversize, 3), noon));
    CHECK_FALSE(fb::retry_after(fb::never(fb::limit::closed), noon));
    CHECK_FALSE(fb::retry_after(fb::admitted(noon), noon));
    CHECK_FALSE(fb::retry_after(fb::admitted(noon + 5s), noon));
    CHECK_FALSE(fb::retry_after(fb::retry_at(fb::no_deadline, fb::limit::rate, 1), noon));
}

TEST_CASE("a client that keeps to Retry-After is admitted, and one that comes a second before is not") {
    const fb::quota slow{fb::rate::one_every(2500ms), 3};
    fb::token_bucket<fb::single_threaded> bucket{slow};
    REQUIRE(bucket.try_acquire(3, noon));
    const fb::time_point asked = noon + 1ns;
    const auto told = fb::retry_after(bucket.try_acquire(2, asked), asked);
    CHECK(told == "5");
    CHECK_FALSE(bucket.try_acquire(2, asked + 4s));
    CHECK(bucket.try_acquire(2, asked + 5s));
}

// --- RateLimit and RateLimit-Policy ----------------------------------------------------------------------------------

TEST_CASE("the RateLimit fields look as in the examples of the draft") {
    CHECK(fb::ratelimit({hundred_a_minute}) == R"("default";r=50;t=30)");
    CHECK(fb::ratelimit_policy({hundred_a_minute}) == R"("default";q=100;w=60)");
    CHECK(fb::ratelimit_policy(
              {{.name = "burst", .allowed = 100, .window = 60s}, {.name = "daily", .allowed = 1000, .window = 24h}}) ==
          R"("burst";q=100;w=60, "daily";q=1000;w=86400)");
    CHECK(fb::ratelimit({{.name = "default", .remaining = 999, .partition = "trial121323"}}) ==
          R"("default";r=999;pk=:dHJpYWwxMjEzMjM=:)");
    const fb::advertised_limit bytes{.name = "default",
                                     .allowed = 600'000'000,
                                     .remaining = 300'000'000,
                                     .window = 120s,
                                     .reset = 60s,
                                     .unit = "content-bytes",
                                     .partition = "App-999"};
    CHECK(fb::ratelimit({bytes}) == R"("default";r=300000000;t=60;pk=:QXBwLTk5OQ==:)");
    CHECK(fb::ratelimit_policy({bytes}) == R"("default";q=600000000;qu="content-bytes";w=120;pk=:QXBwLTk5OQ==:)");
}

TEST_CASE("without limits there is no RateLimit field") {
    CHECK(fb::ratelimit(std::span<const fb::advertised_limit>{}).empty());
    CHECK(fb::ratelimit_policy(std::span<const fb::advertised_limit>{}).empty());
}

TEST_CASE("RateLimit fields can be made of any contiguous limits") {
    const std::vector<fb::advertised_limit> two(2, hundred_a_minute);
    CHECK(fb::ratelimit(two) == fb::ratelimit({hundred_a_minute, hundred_a_minute}));
    CHECK(fb::ratelimit_policy(two) == fb::ratelimit_policy({hundred_a_minute, hundred_a_minute}));
}

TEST_CASE("windows are told in whole seconds, rounded up, and not at all where there is none") {
    const auto told = [](fb::duration length) {
        const fb::advertised_limit one{.name = "x", .window = length, .reset = length};
        return std::pair{structured::list(fb::ratelimit_policy({one})).at(0),
                         structured::list(fb::ratelimit({one})).at(0)};
    };
    for (const auto& [length, seconds] :
         {std::pair{fb::duration{1}, 1}, std::pair{fb::duration{1s}, 1}, std::pair{fb::duration{1s + 1ns}, 2}}) {
        const auto [policy, limit] = told(length);
        CHECK(policy.number("w") == seconds);
        CHECK(limit.number("t") == seconds);
    }
    CHECK(told(fb::duration::max()).first.number("w") == 9'223'372'037);
    for (const fb::duration none : {fb::duration{0}, fb::duration{-1}, fb::duration::min()}) {
        const auto [policy, limit] = told(none);
        CHECK_FALSE(policy.has("w"));
        CHECK_FALSE(limit.has("t"));
    }
}

TEST_CASE("amounts are told within what a structured field holds, and debt as nothing left") {
    constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
    const fb::advertised_limit huge{.name = "x", .allowed = largest, .remaining = largest};
    const fb::advertised_limit debt{.name = "x", .allowed = -largest, .remaining = -largest - 1};
    CHECK(structured::list(fb::ratelimit_policy({huge})).at(0).number("q") == 999'999'999'999'999);
    CHECK(structured::list(fb::ratelimit({huge})).at(0).number("r") == 999'999'999'999'999);
    CHECK(structured::list(fb::ratelimit_policy({debt})).at(0).number("q") == 0);
    CHECK(structured::list(fb::ratelimit({debt})).at(0).number("r") == 0);
}

TEST_CASE("a name is escaped or refused, so that it never ends its field") {
    const std::string quoted = fb::ratelimit({{.name = R"(the "big" \one)", .remaining = 1}});
    CHECK(quoted == R"("the \"big\" \\one";r=1)");
    CHECK(structured::list(quoted).at(0).value == R"(the "big" \one)");
    for (const std::string_view bad : {"", "a\r\nSet-Cookie: b=c", "caf\xc3\xa9"}) {
        INFO("name: " << bad);
        CHECK_THROWS_AS(fb::ratelimit({{.name = bad}}), std::invalid_argument);
        CHECK_THROWS_AS(fb::ratelimit_policy({{.name = bad}}), std::invalid_argument);
    }
    CHECK_THROWS_WITH(fb::ratelimit({hundred_a_minute, {.name = ""}}), ContainsSubstring("must have a name"));
    CHECK_THROWS_AS(fb::ratelimit_policy({{.name = "x", .unit = "to\nkens"}}), std::invalid_argument);
}

TEST_CASE("a strict reader gets back from the RateLimit fields what was put in, for any limits") {
    const std::uint64_t seed = 9651;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
    for (int round = 0; round < 1000; ++round) {
        std::vector<std::string> texts(24);
        for (std::string& text : texts) {
            text.resize(random() % 12 + 1);
            for (char& c : text) c = static_cast<char>(' ' + below(95));
        }
        std::vector<fb::advertised_limit> limits(random() % 8 + 1);
        for (std::size_t i = 0; i < limits.size(); ++i) {
            limits[i] = {.name = texts[3 * i],
                         .allowed = below(1'000'000'000'000'000),
                         .remaining = below(1'000'000),
                         .window = fb::duration{below(1'000'000'000'000)},
                         .reset = fb::duration{below(3) * below(1'000'000'000'000)},
                         .unit = random() % 2 == 0 ? texts[3 * i + 1] : std::string_view{},
                         .partition = random() % 2 == 0 ? texts[3 * i + 2] : std::string_view{}};
        }
        const auto policies = structured::list(fb::ratelimit_policy(limits));
        const auto standing = structured::list(fb::ratelimit(limits));
        REQUIRE(policies.size() == limits.size());
        REQUIRE(standing.size() == limits.size());
        for (std::size_t i = 0; i < limits.size(); ++i) {
            structured::item policy{std::string{limits[i].name}, {{"q", limits[i].allowed}}};
            structured::item limit{std::string{limits[i].name}, {{"r", limits[i].remaining}}};
            const auto seconds = [](fb::duration d) { return (d.count() + 999'999'999) / 1'000'000'000; };
            if (!limits[i].unit.empty()) policy.parameters.emplace_back("qu", std::string{limits[i].unit});
            if (limits[i].window > 0s) policy.parameters.emplace_back("w", seconds(limits[i].window));
            if (limits[i].reset > 0s) limit.parameters.emplace_back("t", seconds(limits[i].reset));
            for (auto* const one : {&policy, &limit}) {
                if (limits[i].partition.empty()) continue;
                one->parameters.emplace_back("pk", structured::octets{std::string{limits[i].partition}});
            }
            REQUIRE(policies[i] == policy);
            REQUIRE(standing[i] == limit);
        }
    }
}

// --- advertise -------------------------------------------------------------------------------------------------------

TEST_CASE("a bucket is told as its burst, the time it refills in, and the time until it is full") {
    constexpr fb::quota ten_a_second{fb::rate::per_minute(600), 60};
    constexpr fb::advertised_limit full = fb::advertise("requests", ten_a_second, 60);
    STATIC_REQUIRE(full.name == "requests");
    STATIC_REQUIRE(full.allowed == 60);
    STATIC_REQUIRE(full.remaining == 60);
    STATIC_REQUIRE(full.window == 6s);
    STATIC_REQUIRE(full.reset == 0s);
    STATIC_REQUIRE(fb::advertise("requests", ten_a_second, 59).reset == 100ms);
    STATIC_REQUIRE(fb::advertise("requests", ten_a_second, 0).reset == 6s);
    STATIC_REQUIRE(fb::advertise("requests", ten_a_second, -60).reset == 12s);
    STATIC_REQUIRE(fb::advertise("requests", ten_a_second, 61).reset == 0s);
    STATIC_REQUIRE(fb::advertise("thirds", {fb::rate::per_second(3), 1}, 0).window == 333'333'334ns);
}

TEST_CASE("a quota that does not refill has no window, and no end of its wait once it is touched") {
    constexpr fb::quota once{fb::rate::zero(), 10};
    STATIC_REQUIRE(fb::advertise("once", once, 10).window == 0s);
    STATIC_REQUIRE(fb::advertise("once", once, 10).reset == 0s);
    STATIC_REQUIRE(fb::advertise("once", once, 9).reset == fb::duration::max());
    CHECK(fb::ratelimit_policy({fb::advertise("once", once, 9)}) == R"("once";q=10)");
}

TEST_CASE("debt beyond counting is told as the longest time") {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    STATIC_REQUIRE(fb::advertise("x", {fb::rate::per_second(1), 1}, least).reset == fb::duration::max());
    STATIC_REQUIRE(fb::advertise("x", {fb::rate::per_second(1), 1}, least + 2).reset == fb::duration::max());
    STATIC_REQUIRE(fb::advertise("x", {fb::rate::per(1, 1ns), 1}, least + 2).reset == fb::duration::max());
    STATIC_REQUIRE(fb::advertise("x", {fb::rate::per(1, 1ns), 1}, least + 3).reset == fb::duration::max() - 1ns);
}

TEST_CASE("beside a refusal, the time told in RateLimit ends no later than Retry-After") {
    constexpr fb::quota slow{fb::rate::one_every(2500ms), 10};
    constexpr fb::verdict soon = fb::retry_at(noon + 2500ms, fb::limit::rate, 1);
    STATIC_REQUIRE(fb::advertise("x", slow, 0).reset == 25s);
    STATIC_REQUIRE(fb::advertise("x", slow, 0, soon, noon).reset == 2500ms);
    STATIC_REQUIRE(fb::advertise("x", slow, 9, soon, noon - 9s).reset == 2500ms);
    STATIC_REQUIRE(fb::advertise("x", slow, 10, soon, noon).reset == 0s);
    STATIC_REQUIRE(fb::advertise("x", slow, 0, soon, noon + 1h).reset == 1ns);
    STATIC_REQUIRE(fb::advertise("x", slow, 0, fb::never(fb::limit::oversize), noon).reset == 25s);
    STATIC_REQUIRE(fb::advertise("x", slow, 0, fb::admitted(noon), noon).reset == 25s);

    const std::uint64_t seed = 6585;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    int refused = 0;
    for (int round = 0; round < 2000; ++round) {
        const fb::quota of{fb::rate::per(1, fb::duration{static_cast<std::int64_t>(random() % 9'000'000'000 + 1)}),
                           static_cast<std::int64_t>(random() % 20 + 1)};
        fb::token_bucket<fb::single_threaded> bucket{of};
        fb::time_point now = noon;
        for (int i = 0; i < 8; ++i) {
            now += fb::duration{static_cast<std::int64_t>(random() % 5'000'000'000)};
            const auto said = bucket.try_acquire(static_cast<std::int64_t>(random() % 20 + 1), now);
            const auto told = fb::advertise("x", of, bucket.available(now), said, now);
            const auto wait = fb::retry_after(said, now);
            if (!wait) continue;
            ++refused;
            const auto item = structured::list(fb::ratelimit({told})).at(0);
            REQUIRE(item.number("t") <= std::stoll(*wait));
        }
    }
    CHECK(refused > 1000);
}

TEST_CASE("a client that uses no more than it is told in any window as told is never refused") {
    const std::uint64_t seed = 9110;
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    int burst_again_refused = 0;
    for (int round = 0; round < 300; ++round) {
        const fb::quota of{fb::rate::per(static_cast<std::int64_t>(random() % 50 + 1),
                                         fb::duration{static_cast<std::int64_t>(random() % 20'000'000'000 + 1000)}),
                           static_cast<std::int64_t>(random() % 30 + 1)};
        const auto policy = structured::list(fb::ratelimit_policy({fb::advertise("x", of, of.burst())})).at(0);
        const auto window = std::chrono::seconds{policy.number("w")};
        const auto allowed = static_cast<std::size_t>(policy.number("q"));
        fb::token_bucket<fb::single_threaded> bucket{of};
        std::vector<fb::time_point> sent;
        fb::time_point now = noon;
        for (int i = 0; i < 200; ++i) {
            // As eager as the rule allows, or a little less.
            if (sent.size() >= allowed) now = std::max(now, sent[sent.size() - allowed] + window);
            if (random() % 4 == 0) now += fb::duration{static_cast<std::int64_t>(random() % 1'000'000'000)};
            REQUIRE(bucket.try_acquire(1, now));
            sent.push_back(now);
        }
        burst_again_refused += !bucket.try_acquire(of.burst(), now);
    }
    CHECK(burst_again_refused > 0);
}

// --- x-ratelimit -----------------------------------------------------------------------------------------------------

TEST_CASE("the fields that model APIs send have their names and formats") {
    const auto requests =
        fb::x_ratelimit_requests({.name = "", .allowed = 60, .remaining = 59, .window = 60s, .reset = 1s});
    CHECK(requests[0].name == "x-ratelimit-limit-requests");
    CHECK(requests[0].value == "60");
    CHECK(requests[1].name == "x-ratelimit-remaining-requests");
    CHECK(requests[1].value == "59");
    CHECK(requests[2].name == "x-ratelimit-reset-requests");
    CHECK(requests[2].value == "1s");

    const auto tokens = fb::x_ratelimit_tokens({.name = "", .allowed = 150'000, .remaining = 149'984, .reset = 6min});
    CHECK(tokens[0].name == "x-ratelimit-limit-tokens");
    CHECK(tokens[0].value == "150000");
    CHECK(tokens[1].name == "x-ratelimit-remaining-tokens");
    CHECK(tokens[1].value == "149984");
    CHECK(tokens[2].name == "x-ratelimit-reset-tokens");
    CHECK(tokens[2].value == "6m0s");
}

TEST_CASE("a bucket's x-ratelimit reset is the time until it is as if nothing had been sent") {
    constexpr fb::quota tokens{fb::rate::per_minute(150'000), 150'000};
    CHECK(fb::x_ratelimit_tokens(fb::advertise("", tokens, 150'000))[2].value == "0s");
    CHECK(fb::x_ratelimit_tokens(fb::advertise("", tokens, 149'700))[2].value == "120ms");
    CHECK(fb::x_ratelimit_tokens(fb::advertise("", tokens, 0))[2].value == "1m0s");
    CHECK(fb::x_ratelimit_tokens(fb::advertise("", tokens, -750'000))[1].value == "0");
    CHECK(fb::x_ratelimit_tokens(fb::advertise("", tokens, -750'000))[2].value == "6m0s");
}
