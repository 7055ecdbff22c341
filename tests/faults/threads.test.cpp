// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "host.hpp"
#include <forebay/admission/on_refusal.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/strict_priority.hpp>
#include <forebay/scheduler.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace fb = forebay;
using namespace std::chrono_literals;

namespace {

/// What becomes of every request: counted by the sinks, from any thread.
class tally {
public:
    explicit tally(std::size_t requests) : told_(requests), kind_(requests) {}

    static std::uint64_t answer_to(std::uint64_t tag) { return (tag + 1) * 0x9e3779b97f4a7c15U; }

    [[nodiscard]] auto sink(std::size_t tag) {
        return [this, tag](fb::outcome<std::uint64_t> outcome) {
            told_[tag].fetch_add(1);
            kind_[tag].store(1 + static_cast<int>(outcome.how()));
            if (outcome && *outcome != answer_to(tag)) wrong_.fetch_add(1);
            if (tag % 97 == 0) throw std::runtime_error("sink");
        };
    }
    void refused(std::size_t tag) {
        refused_.fetch_add(1);
        told_[tag].fetch_add(1);
    }

    struct report {
        std::size_t lost{0};
        std::size_t duplicated{0};
        std::size_t unexpected{0};
        std::array<std::uint64_t, 7> kinds{};
    };
    [[nodiscard]] report count() const {
        report found;
        for (std::size_t tag = 0; tag < told_.size(); ++tag) {
            const int times = told_[tag].load();
            found.lost += times == 0 ? 1U : 0U;
            found.duplicated += times > 1 ? 1U : 0U;
            ++found.kinds[static_cast<std::size_t>(kind_[tag].load())];
        }
        found.unexpected = wrong_.load();
        return found;
    }
    [[nodiscard]] std::uint64_t refusals() const { return refused_.load(); }

private:
    std::vector<std::atomic<int>> told_;
    std::vector<std::atomic<int>> kind_;
    std::atomic<std::uint64_t> wrong_{0};
    std::atomic<std::uint64_t> refused_{0};
};

std::vector<std::uint64_t> answers(std::span<const std::uint64_t> tags) {
    std::vector<std::uint64_t> results;
    for (const std::uint64_t tag : tags) results.push_back(tally::answer_to(tag));
    return results;
}

void check(const tally& counted, const fb::ledger& ledger, std::size_t requests) {
    const auto found = counted.count();
    CHECK(found.lost == 0);
    CHECK(found.duplicated == 0);
    CHECK(found.unexpected == 0);
    CHECK(ledger.balanced());
    CHECK(ledger.submitted == requests);
    CHECK(ledger.refused == counted.refusals());
    CHECK(ledger.waiting + ledger.queued + ledger.running == 0);
    for (const auto how :
         {fb::ending::delivered, fb::ending::failed, fb::ending::expired, fb::ending::cancelled, fb::ending::closed}) {
        CAPTURE(fb::to_string(how));
        CHECK(ledger[how] == found.kinds[1 + static_cast<std::size_t>(how)]);
    }
}

/// Hands batches from the callback to threads that complete them.
class devices {
public:
    using batch_type = fb::batch<std::uint64_t, std::uint64_t>;

    explicit devices(int count) {
        for (int i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
    }
    ~devices() { stop(); }
    void give(batch_type batch) {
        {
            const std::lock_guard lock{mutex_};
            waiting_.push_back(std::move(batch));
        }
        changed_.notify_one();
    }
    void stop() {
        {
            const std::lock_guard lock{mutex_};
            stopping_ = true;
        }
        changed_.notify_all();
        for (auto& thread : threads_) thread.join();
        threads_.clear();
        waiting_.clear();
    }

private:
    void work() {
        for (std::uint32_t round = 0;; ++round) {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            batch_type batch = std::move(waiting_.back());
            waiting_.pop_back();
            lock.unlock();
            switch (round % 8) {
                case 0: batch.fail(); break;
                case 1: break;  // dropped
                case 2: batch.complete(std::vector<std::uint64_t>{}); break;
                case 3: {
                    for (std::size_t i = 0; i < batch.size(); ++i) {
                        batch[i].settle(static_cast<std::int64_t>(round % 5));
                        if (!batch[i].cancelled()) batch[i].succeed(tally::answer_to(batch[i].request()));
                    }
                    break;
                }
                default: batch.complete(answers(batch.requests()));
            }
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<batch_type> waiting_;
    std::vector<std::thread> threads_;
    bool stopping_{false};
};

enum class finish { drain, close, destroy };

/// Three threads submit, two cancel, three run; another closes, before or after the last submit.
template <class Infer, class Admission = fb::admit_all, class OnRefusal = fb::reject>
void storm(Infer infer, finish how, bool early, std::uint32_t seed, Admission limit = {}, OnRefusal on_refusal = {}) {
    constexpr std::size_t producers = 3;
    constexpr std::size_t each = 7'000;
    CAPTURE(seed, early, static_cast<int>(how));
    tally counted{producers * each};
    auto scheduler = fb::make_scheduler<std::uint64_t, std::uint64_t>(
        fb::policies{.admission = std::move(limit),
                     .on_refusal = on_refusal,
                     .order = fb::strict_priority{},
                     .batching = fb::size_or_delay{.max_batch_size = 5, .max_queue_delay = 50us},
                     .capacity = {.max_requests = 64},
                     .executors = 2},
        std::move(infer));

    std::vector<std::atomic<std::uint64_t>> tickets(producers * each);
    std::atomic<std::size_t> submitted{0};
    std::atomic<bool> producing{true};
    std::vector<std::thread> producing_threads;
    for (std::size_t p = 0; p < producers; ++p) {
        producing_threads.emplace_back([&, p] {
            std::minstd_rand random{seed * 100 + static_cast<std::uint32_t>(p)};
            for (std::size_t i = 0; i < each; ++i) {
                const std::size_t tag = p * each + i;
                fb::request_info info{.priority = static_cast<std::int32_t>(random() % 8), .key = random() % 2};
                if (random() % 3 == 0) info.deadline = fb::steady_clock{}.now() + fb::duration{random() % 200'000};
                const auto said = scheduler.submit(std::uint64_t{tag}, info, counted.sink(tag));
                if (said) {
                    tickets[tag].store((std::uint64_t{(*said).slot} << 32) | (*said).generation);
                } else {
                    counted.refused(tag);
                    if (said.error().which == fb::limit::queued_requests) std::this_thread::yield();
                }
                submitted.fetch_add(1);
            }
        });
    }
    std::vector<std::thread> cancelling;
    for (std::uint32_t c = 0; c < 2; ++c) {
        cancelling.emplace_back([&, c] {
            std::minstd_rand random{seed * 100 + 50 + c};
            while (producing) {
                const std::uint64_t id = tickets[random() % tickets.size()].load();
                if (id == 0) {
                    std::this_thread::yield();
                    continue;
                }
                static_cast<void>(scheduler.cancel(
                    {.slot = static_cast<std::uint32_t>(id >> 32), .generation = static_cast<std::uint32_t>(id)}));
            }
        });
    }
    std::vector<std::thread> running;
    for (int r = 0; r < 3; ++r) running.emplace_back([&] { scheduler.run(); });
    std::thread watching{[&] {
        while (producing) {
            if (!scheduler.stats().balanced()) std::abort();
            std::this_thread::yield();
        }
    }};

    if (early) {
        while (submitted < producers * each / 2) std::this_thread::yield();
        if (how == finish::drain) {
            scheduler.drain(1h);
        } else {
            scheduler.close();
        }
    }
    for (auto& thread : producing_threads) thread.join();
    producing = false;
    for (auto& thread : cancelling) thread.join();
    watching.join();
    if (how == finish::close) scheduler.close();
    if (how == finish::drain) scheduler.drain(1h);
    if (how == finish::destroy) {
        scheduler.close();
        for (auto& thread : running) thread.join();
        running.clear();
        auto last = std::make_optional(std::move(scheduler));
        last.reset();
        const auto found = counted.count();
        CHECK(found.lost == 0);
        CHECK(found.duplicated == 0);
        CHECK(found.unexpected == 0);
        return;
    }
    for (auto& thread : running) thread.join();
    REQUIRE(host::soon([&] { return scheduler.stats().running == 0; }));
    // The last outcome is counted before its sink is called, which may be on another thread.
    REQUIRE(host::soon([&] { return counted.count().lost == 0; }));
    check(counted, scheduler.stats(), producers * each);
    if (!early) CHECK(scheduler.stats().delivered > 0);
}

}  // namespace

TEST_CASE("I11 I15 F20 F21 F25 F26 a storm of threads loses no request, tells none twice and mixes up no results") {
    const auto how = GENERATE(finish::drain, finish::close);
    const bool early = GENERATE(false, true);
    const std::uint32_t seed = 17;
    storm(
        [](std::span<const std::uint64_t> tags) {
            if (tags[0] % 31 == 0) throw std::runtime_error("model");
            auto results = answers(tags);
            if (tags[0] % 29 == 0) results.pop_back();
            return results;
        },
        how, early, seed);
}

TEST_CASE("I11 I15 F6 a storm over batches that other threads complete late, partly or never loses no request") {
    const auto how = GENERATE(finish::drain, finish::close, finish::destroy);
    const bool early = GENERATE(false, true);
    const std::uint32_t seed = 18;
    devices model{2};
    storm([&](devices::batch_type batch) { model.give(std::move(batch)); }, how, early, seed);
}

TEST_CASE("RL-25 I11 I15 a storm over a limit that lets requests wait for their slots loses no request") {
    const auto how = GENERATE(finish::drain, finish::close);
    const bool early = GENERATE(false, true);
    const std::uint32_t seed = 19;
    storm([](std::span<const std::uint64_t> tags) { return answers(tags); }, how, early, seed,
          fb::per_tenant{fb::quota{fb::rate::per_second(500'000), 4}}, fb::delay{.max_wait = 20us});
}

TEST_CASE("F22 close from many threads, from sinks and from the callback at once ends every run once") {
    for (std::uint32_t round = 0; round < 50; ++round) {
        CAPTURE(round);
        constexpr std::size_t requests = 64;
        tally counted{requests};
        std::function<void()> close;
        auto scheduler = fb::make_scheduler<std::uint64_t, std::uint64_t>(fb::policies{.executors = 2},
                                                                          [&](std::span<const std::uint64_t> tags) {
                                                                              if (tags[0] == 20) close();
                                                                              return answers(tags);
                                                                          });
        close = [&] { scheduler.close(); };
        for (std::size_t tag = 0; tag < requests; ++tag) {
            const auto said = scheduler.submit(std::uint64_t{tag}, {},
                                               [&, tag, sink = counted.sink(tag)](fb::outcome<std::uint64_t> o) {
                                                   if (tag == round) close();
                                                   sink(std::move(o));
                                               });
            if (!said) counted.refused(tag);
        }
        std::vector<std::thread> threads;
        for (int r = 0; r < 2; ++r) threads.emplace_back([&] { scheduler.run(); });
        for (std::uint32_t c = 0; c < 2; ++c) {
            threads.emplace_back([&] {
                for (std::uint32_t spin = 0; spin < round; ++spin) std::this_thread::yield();
                close();
            });
        }
        for (auto& thread : threads) thread.join();
        check(counted, scheduler.stats(), requests);
    }
}
