// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "queue/reference.hpp"
#include <forebay/batch/batch_collector.hpp>
#include <forebay/batch/size_or_delay.hpp>
#include <forebay/queue/priority_queue.hpp>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

// Not where a sanitizer has an operator new of its own: clang's thread sanitizer cannot be replaced, and the address
// sanitizer tells what the test library took by the one from what is given back by the other.
#if defined(__SANITIZE_ADDRESS__)
#define FOREBAY_TEST_KEEPS_OPERATOR_NEW
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define FOREBAY_TEST_KEEPS_OPERATOR_NEW
#endif
#endif

#if !defined(FOREBAY_TEST_KEEPS_OPERATOR_NEW)
// This program counts what it allocates; nothing else changes. (Not inlined: g++ 12 then takes the pair for a mismatch.)
namespace {
std::atomic<std::size_t> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
    ++allocations;
    const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
    void* const memory = alignment <= alignof(std::max_align_t) ? std::malloc(size == 0 ? 1 : size)
                                                                : std::aligned_alloc(alignment, rounded);
    if (memory == nullptr) throw std::bad_alloc{};
    return memory;
}
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
    return counted(size, 1);
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

namespace fb = forebay;
using namespace reference;

namespace {

// Everything a queue does, with as many keys and requests each time.
template <class Collector>
void one_round(Collector& collector, fb::time_point& now, std::vector<fb::ticket>& ids, std::vector<fb::ticket>& held) {
    auto& queue = collector.queue();
    const auto hold = [&](fb::ticket id) { held.push_back(id); };
    for (std::uint64_t key = 0; key < 6; ++key) {
        ids.clear();
        for (int i = 0; i < 20; ++i) {
            const fb::request_info info{.tenant = fb::tenant_id{std::uint64_t(i % 3)},
                                        .priority = i % 3,
                                        .key = key,
                                        .cost = i % 5,
                                        .deadline = i % 2 == 0 ? fb::no_deadline : now + fb::duration{100 + i % 7}};
            if (queue.check(info, now)) ids.push_back(queue.push(info, now, key));
        }
        for (std::size_t i = 0; i < ids.size(); i += 5) queue.erase(ids[i]);
        if (!ids.empty() && queue.withdraw(ids.back())) held.push_back(ids.back());
    }
    now += 50ns;
    for (int i = 0; i < 4; ++i) collector.collect(now, false, hold);
    queue.pop(now);
    queue.pop_key(3);
    now += 100ns;
    queue.expire(now, 1000, hold);
    while (collector.collect(now, true, hold)) {
    }
    for (const fb::ticket id : held) queue.release(id);
    held.clear();
}

}  // namespace

TEST_CASE("the counter of allocations counts") {
    const std::size_t before = allocations;
    void* const one = ::operator new(1);  // the function: a compiler may leave out a new that is deleted unused
    CHECK(allocations > before);
    ::operator delete(one);
}

TEST_CASE("I19 in steady state a queue and a collector allocate nothing, under every order") {
    for_each_order([](const char* name, const auto& order, const order_in_words&) {
        INFO(name);
        using order_type = std::decay_t<decltype(order)>;
        fb::batch_collector<std::uint64_t, order_type, fb::size_or_delay> collector{
            order, {.max_requests = 200}, {4, 30ns, {}}, 400};
        fb::time_point now = at(0);
        std::vector<fb::ticket> ids;
        ids.reserve(100);
        std::vector<fb::ticket> held;
        held.reserve(1000);
        std::size_t before = 0;
        for (int round = 0; round < 30; ++round) {
            if (round == 10) before = allocations;
            one_round(collector, now, ids, held);
        }
        const std::size_t after = allocations;
        CHECK(after == before);
        CHECK(collector.queue().empty());
    });
}

#endif
