// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/batch/inference.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/scheduler.hpp>

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fb = forebay;
using fb::inference_form;

namespace {

using batch_type = fb::batch<int, int>;

template <class Inference, class Result = int>
constexpr inference_form form = fb::inference_form_of<Inference, int, Result>;

/// Runs the requests 0, 1, 2, 3 as one batch, then 4 as another. returns  what the sinks were told
template <class Result = int, class Inference>
host::mailbox<Result> serve_four_and_one(Inference infer, fb::ledger* counted = nullptr) {
    fb::manual_clock clock;
    host::mailbox<Result> mail;
    auto scheduler = fb::make_scheduler<int, Result>(
        fb::policies{.batching = fb::size_or_delay{.max_batch_size = 8}, .clock = clock, .sync = fb::single_threaded{}},
        std::move(infer));
    for (int tag = 0; tag < 4; ++tag) REQUIRE(scheduler.submit(tag, {}, mail.sink(tag)));
    scheduler.poll();
    REQUIRE(scheduler.submit(4, {}, mail.sink(4)));
    scheduler.poll();
    REQUIRE(scheduler.stats().balanced());
    if (counted != nullptr) *counted = scheduler.stats();
    REQUIRE(mail.all.size() == 5);
    for (int tag = 0; tag < 5; ++tag) REQUIRE(mail.count(tag) == 1);
    return mail;
}

void check_all_squared(const host::mailbox<int>& told) {
    for (const auto& one : told.all) {
        CHECK(one.how == fb::ending::delivered);
        CHECK(one.result == 100 + one.tag);
    }
}

std::vector<int> answer(std::span<const int> requests) {
    std::vector<int> results;
    for (const int request : requests) results.push_back(100 + request);
    return results;
}

}  // namespace

TEST_CASE("the form of an inference callback is read from its parameter") {
    STATIC_REQUIRE(form<decltype([](batch_type) {})> == inference_form::batch_by_value);
    STATIC_REQUIRE(form<decltype([](batch_type&&) {})> == inference_form::batch_by_value);
    STATIC_REQUIRE(form<decltype([](batch_type&) {})> == inference_form::batch_in_place);
    STATIC_REQUIRE(form<decltype([](std::span<int>) { return std::vector<int>{}; })> == inference_form::span);
    STATIC_REQUIRE(form<decltype([](std::span<const int>) { return std::vector<int>{}; })> == inference_form::span);
    STATIC_REQUIRE(form<std::vector<int> (*)(std::span<const int>)> == inference_form::span);
    STATIC_REQUIRE(form<void (*)(batch_type)> == inference_form::batch_by_value);
}

TEST_CASE("the results of the span form may be any sized range of results or outcomes, move-only ones too") {
    using move_only = std::unique_ptr<int>;
    STATIC_REQUIRE(form<std::array<int, 4> (*)(std::span<const int>)> == inference_form::span);
    STATIC_REQUIRE(form<std::list<int> (*)(std::span<const int>)> == inference_form::span);
    STATIC_REQUIRE(form<std::span<const int> (*)(std::span<const int>)> == inference_form::span);
    STATIC_REQUIRE(form<const std::vector<int>& (*)(std::span<const int>)> == inference_form::span);
    STATIC_REQUIRE(form<std::vector<move_only> (*)(std::span<const int>), move_only> == inference_form::span);
    STATIC_REQUIRE(form<std::vector<fb::outcome<int>> (*)(std::span<const int>)> == inference_form::span);
    STATIC_REQUIRE(form<std::vector<fb::outcome<move_only>> (*)(std::span<const int>), move_only> ==
                   inference_form::span);
}

TEST_CASE("what takes or returns something else is no inference callback") {
    STATIC_REQUIRE(form<int> == inference_form::none);
    STATIC_REQUIRE(form<decltype([](int) { return 1; })> == inference_form::none);
    STATIC_REQUIRE(form<decltype([] { return std::vector<int>{}; })> == inference_form::none);
    STATIC_REQUIRE(form<decltype([](std::span<int>) {})> == inference_form::none);
    STATIC_REQUIRE(form<decltype([](std::span<int>) { return 1; })> == inference_form::none);
    STATIC_REQUIRE(form<decltype([](std::span<int>) { return std::vector<std::string>{}; })> == inference_form::none);
    STATIC_REQUIRE(form<decltype([](fb::batch<int, long>) {})> == inference_form::none);
}

TEST_CASE("a callback that takes anything is asked with a batch by value, then a batch&, then a span") {
    STATIC_REQUIRE(form<decltype([](auto) {})> == inference_form::batch_by_value);
    STATIC_REQUIRE(form<decltype([](auto&&) {})> == inference_form::batch_by_value);
    STATIC_REQUIRE(form<decltype([](auto&) {})> == inference_form::batch_in_place);
    STATIC_REQUIRE(form<decltype(
                       [](auto requests) requires requires { requests.data(); } {
                           return std::vector<int>(requests.begin(), requests.end());
                       })> == inference_form::span);
    // One that has several is asked with the first of the order, too.
    struct several {
        void operator()(batch_type&) {}
        std::vector<int> operator()(std::span<const int>) { return {}; }
    };
    STATIC_REQUIRE(form<several> == inference_form::batch_in_place);

    SECTION("by value, and kept working") {
        check_all_squared(serve_four_and_one([](auto&& given) {
            auto batch = std::forward<decltype(given)>(given);
            batch.complete(answer(batch.requests()));
        }));
    }
    SECTION("in place") {
        check_all_squared(serve_four_and_one([](auto& batch) { batch.complete(answer(batch.requests())); }));
    }
    SECTION("span") {
        check_all_squared(serve_four_and_one(
            [](auto requests) requires requires { requests.data(); } { return answer(requests); }));
    }
}

TEST_CASE("each form delivers every request its own result") {
    SECTION("span of const") {
        check_all_squared(serve_four_and_one([](std::span<const int> requests) { return answer(requests); }));
    }
    SECTION("span that is written to") {
        check_all_squared(serve_four_and_one([](std::span<int> requests) {
            for (int& request : requests) request += 100;
            return requests;
        }));
    }
    SECTION("a plain function") {
        check_all_squared(serve_four_and_one(&answer));
    }
    SECTION("a container of the host, returned by reference") {
        std::vector<int> kept;
        check_all_squared(serve_four_and_one(
            [&](std::span<const int> requests) -> const std::vector<int>& { return kept = answer(requests); }));
        CHECK(kept == std::vector<int>{104});
    }
    SECTION("batch in place") {
        check_all_squared(serve_four_and_one([](batch_type& batch) {
            for (std::size_t i = 0; i < batch.size(); ++i) batch[i].succeed(100 + batch[i].request());
        }));
    }
    SECTION("batch by value") {
        check_all_squared(serve_four_and_one([](batch_type batch) { batch.complete(answer(batch.requests())); }));
    }
    SECTION("a move-only callback") {
        check_all_squared(serve_four_and_one([add = std::make_unique<int>(100)](std::span<int> requests) {
            for (int& request : requests) request += *add;
            return requests;
        }));
    }
}

TEST_CASE("a move-only result arrives") {
    const auto told = serve_four_and_one<std::unique_ptr<int>>([](std::span<const int> requests) {
        std::vector<std::unique_ptr<int>> results;
        for (const int request : requests) results.push_back(std::make_unique<int>(100 + request));
        return results;
    });
    for (const auto& one : told.all) CHECK(**one.result == 100 + one.tag);
}

TEST_CASE(
    "F3 with fewer or more results than requests the whole batch fails, nothing is shifted, the next one is served") {
    const std::size_t results = GENERATE(std::size_t{0}, std::size_t{3}, std::size_t{5}, std::size_t{1000});
    const bool in_place = GENERATE(false, true);
    CAPTURE(results, in_place);
    const auto some = [=](std::span<const int> requests) {
        return requests.size() == 4 ? std::vector<int>(results, 7) : answer(requests);
    };
    fb::ledger counted;
    const auto told =
        in_place ? serve_four_and_one([&](batch_type& batch) { batch.complete(some(batch.requests())); }, &counted)
                 : serve_four_and_one([&](std::span<const int> requests) { return some(requests); }, &counted);
    for (int tag = 0; tag < 4; ++tag) {
        CHECK(told[tag].how == fb::ending::failed);
        CHECK(told[tag].why == fb::failure::wrong_count);
    }
    CHECK(told[4].result == 104);
    CHECK(counted.failed == 4);
    CHECK(counted.delivered == 1);
}

TEST_CASE("F1 F4 an exception of any type fails its batch, is handed on, and the next batch is served") {
    const std::string kind = GENERATE("std", "int", "bad_alloc", "nested");
    const bool in_place = GENERATE(false, true);
    CAPTURE(kind, in_place);
    const auto maybe_throw = [&](std::size_t size) {
        if (size != 4) return;
        if (kind == "std") throw std::runtime_error("model on fire");
        if (kind == "int") throw 42;
        if (kind == "bad_alloc") throw std::bad_alloc{};
        try {
            throw std::runtime_error("inner");
        } catch (...) {
            std::throw_with_nested(std::logic_error("outer"));
        }
    };
    const auto told = in_place ? serve_four_and_one([&](batch_type& batch) {
        maybe_throw(batch.size());
        batch.complete(answer(batch.requests()));
    })
                               : serve_four_and_one([&](std::span<const int> requests) {
                                     maybe_throw(requests.size());
                                     return answer(requests);
                                 });
    const std::string expected = kind == "std"         ? "model on fire"
                                 : kind == "int"       ? "42"
                                 : kind == "bad_alloc" ? std::bad_alloc{}.what()
                                                       : "outer";
    for (int tag = 0; tag < 4; ++tag) {
        CHECK(told[tag].how == fb::ending::failed);
        CHECK(told[tag].why == fb::failure::exception);
        CHECK(host::text_of(told[tag].error) == expected);
    }
    CHECK(told[4].result == 104);
}

TEST_CASE("F2 what a batch delivered before its callback threw stays delivered, the rest fails, nobody twice") {
    const auto told = serve_four_and_one([](batch_type& batch) {
        if (batch.size() == 4) {
            batch[2].succeed(102);
            batch[0].succeed(100);
            throw std::runtime_error("half way");
        }
        batch.complete(answer(batch.requests()));
    });
    CHECK(told[0].result == 100);
    CHECK(told[2].result == 102);
    for (const int tag : {1, 3}) {
        CHECK(told[tag].why == fb::failure::exception);
        CHECK(host::text_of(told[tag].error) == "half way");
    }
}

TEST_CASE("a callback by value that throws fails its batch and no other") {
    const auto told = serve_four_and_one([](batch_type batch) {
        if (batch.size() == 4) throw std::runtime_error("lost");
        batch.complete(answer(batch.requests()));
    });
    for (int tag = 0; tag < 4; ++tag) CHECK(told[tag].how == fb::ending::failed);
    CHECK(told[4].result == 104);
}

TEST_CASE("F1 the error of a callback by value reaches its members, answered ones stay answered") {
    const auto told = serve_four_and_one([](batch_type batch) {
        if (batch.size() == 4) {
            batch[2].succeed(102);
            throw std::runtime_error("lost");
        }
        batch.complete(answer(batch.requests()));
    });
    CHECK(told[2].result == 102);
    for (const int tag : {0, 1, 3}) {
        CHECK(told[tag].why == fb::failure::exception);
        CHECK(host::text_of(told[tag].error) == "lost");
    }
    CHECK(told[4].result == 104);
}

TEST_CASE("a callback that moved its batch away before it threw leaves it with the new owner") {
    std::vector<batch_type> kept;
    host::mailbox<int> mail;
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.sync = fb::single_threaded{}}, [&](batch_type batch) {
        kept.push_back(std::move(batch));
        throw std::runtime_error("too late");
    });
    REQUIRE(scheduler.submit(0, {}, mail.sink(0)));
    scheduler.poll();
    CHECK(mail.all.empty());
    REQUIRE(kept.size() == 1);
    kept[0].complete(std::vector{100});
    CHECK(mail[0].result == 100);
    CHECK(scheduler.stats().balanced());
}

TEST_CASE(
    "a batch dropped by a callback that returns fails as not completed, also if it was dropped by a throw it caught") {
    const bool thrown = GENERATE(false, true);
    CAPTURE(thrown);
    const auto told = serve_four_and_one([&](batch_type batch) {
        if (batch.size() != 4) return batch.complete(answer(batch.requests()));
        try {
            const batch_type dropped = std::move(batch);
            if (thrown) throw std::runtime_error("caught");
        } catch (const std::runtime_error&) {
        }
    });
    for (int tag = 0; tag < 4; ++tag) {
        CHECK(told[tag].why == fb::failure::not_completed);
        CHECK_FALSE(told[tag].error);
    }
    CHECK(told[4].result == 104);
}

TEST_CASE("a batch left unanswered when the callback returns fails as not completed") {
    const auto told = serve_four_and_one([](batch_type& batch) {
        if (batch.size() == 4) {
            batch[1].succeed(101);
        } else {
            batch.complete(answer(batch.requests()));
        }
    });
    CHECK(told[1].result == 101);
    for (const int tag : {0, 2, 3}) {
        CHECK(told[tag].how == fb::ending::failed);
        CHECK(told[tag].why == fb::failure::not_completed);
    }
    CHECK(told[4].result == 104);
}

TEST_CASE("an outcome among the results of a span callback ends its own request, as what it says") {
    fb::ledger counted;
    const auto told = serve_four_and_one(
        [](std::span<const int> requests) {
            std::vector<fb::outcome<int>> results;
            for (const int request : requests) {
                if (request % 2 == 0) {
                    results.emplace_back(100 + request);
                } else {
                    results.emplace_back(fb::failure::exception, std::make_exception_ptr(request));
                }
            }
            return results;
        },
        &counted);
    for (const int tag : {0, 2, 4}) CHECK(told[tag].result == 100 + tag);
    for (const int tag : {1, 3}) {
        CHECK(told[tag].how == fb::ending::failed);
        CHECK(host::text_of(told[tag].error) == std::to_string(tag));
    }
    CHECK(counted.delivered == 3);
    CHECK(counted.failed == 2);
}

TEST_CASE("a result that cannot be copied out fails its own request and does not move its neighbours' by one") {
    struct reluctant {
        int value;
        explicit reluctant(int v) : value{v} {}
        reluctant(reluctant&&) noexcept = default;
        reluctant(const reluctant& other) : value{other.value} {
            if (value == 101) throw std::runtime_error("no copy of 101");
        }
    };
    const bool in_place = GENERATE(false, true);
    CAPTURE(in_place);
    std::vector<reluctant> kept;
    const auto fill = [&](std::span<const int> requests) -> const std::vector<reluctant>& {
        kept.clear();
        for (const int request : requests) kept.emplace_back(100 + request);
        return kept;
    };
    fb::ledger counted;
    host::mailbox<reluctant> told;
    if (in_place) {
        told = serve_four_and_one<reluctant>(
            [&](fb::batch<int, reluctant>& batch) { batch.complete(fill(batch.requests())); }, &counted);
    } else {
        told = serve_four_and_one<reluctant>(fill, &counted);
    }
    for (const int tag : {0, 2, 3, 4}) {
        REQUIRE(told[tag].how == fb::ending::delivered);
        CHECK(told[tag].result->value == 100 + tag);
    }
    CHECK(told[1].how == fb::ending::failed);
    CHECK(host::text_of(told[1].error) == "no copy of 101");
    CHECK(counted.delivered == 4);
    CHECK(counted.failed == 1);
}

TEST_CASE("I17 the results' own functions may throw: the batch fails") {
    struct liar {
        [[nodiscard]] std::size_t size() const { throw std::runtime_error("no size"); }
        [[nodiscard]] int* begin() const { return nullptr; }
    };
    const auto told = serve_four_and_one([](std::span<const int>) { return liar{}; });
    for (const auto& one : told.all) {
        CHECK(one.why == fb::failure::exception);
        CHECK(host::text_of(one.error) == "no size");
    }
}

TEST_CASE("results that only convert to a Result are taken: texts, and the bits of a vector<bool>") {
    fb::manual_clock clock;
    std::string text;
    bool bit = false;
    {
        auto scheduler = fb::make_scheduler<int, std::string>(
            fb::policies{.clock = clock},
            [](std::span<const int> requests) { return std::vector<const char*>(requests.size(), "said"); });
        REQUIRE(scheduler.submit(1, {}, [&text](fb::outcome<std::string> o) { text = *o; }));
        scheduler.poll();
    }
    {
        auto scheduler = fb::make_scheduler<int, bool>(
            fb::policies{.clock = clock}, [](fb::batch<int, bool>& batch) { batch.complete(std::vector<bool>{true}); });
        REQUIRE(scheduler.submit(1, {}, [&bit](fb::outcome<bool> o) { bit = *o; }));
        scheduler.poll();
    }
    CHECK(text == "said");
    CHECK(bit);
}

TEST_CASE("of several limits of a drain the earliest counts, whichever was said first") {
    const bool shorter_first = GENERATE(false, true);
    CAPTURE(shorter_first);
    fb::manual_clock clock;
    std::vector<fb::batch<int, int>> out;  // keeps the only executor busy
    std::vector<fb::ending> ends;
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.clock = clock},
                                                  [&](fb::batch<int, int> batch) { out.push_back(std::move(batch)); });
    const auto note = [&ends](fb::outcome<int> o) { ends.push_back(o.how()); };
    REQUIRE(scheduler.submit(1, {}, note));
    REQUIRE(scheduler.submit(2, {}, note));
    scheduler.poll();
    scheduler.drain(fb::duration{shorter_first ? 5 : 50});
    scheduler.drain(fb::duration{shorter_first ? 50 : 5});
    clock.advance(fb::duration{4});
    CHECK(scheduler.poll() == clock.now() + fb::duration{1});
    CHECK(ends.empty());
    clock.advance(fb::duration{1});
    scheduler.poll();
    CHECK(ends == std::vector{fb::ending::closed});
}
