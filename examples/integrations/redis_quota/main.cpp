// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// One host of several that share a quota in Redis. Start it more than once:
//
//     redis_quota PORT SECONDS SCRIPT     # SCRIPT is bucket.lua
//
// Each offers 2000 requests a second, against 1000 a second (burst 100) for all together, and says what it admitted.
#include "redis_store.hpp"
#include <forebay/admission/quota_lease.hpp>
#include <forebay/admission/shared.hpp>
#include <forebay/policies.hpp>
#include <forebay/scheduler.hpp>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace fb = forebay;
using namespace std::chrono_literals;

namespace {

bool read_number(const char* text, int least, int most, int& number) {
    const char* end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, number);
    return error == std::errc{} && stop == end && number >= least && number <= most;
}

int serve(int port, int seconds, std::string script) {
    redis_store store{{.port = port, .script = std::move(script)}};
    const auto limit = fb::share(fb::quota_lease{
        .safe = fb::quota{fb::rate::per_second(50), 5},  // what this host may do alone
        .key = 7,
        .store = store,
    });
    auto scheduler = fb::make_scheduler<int, int>(fb::policies{.admission = limit}, [](std::span<const int> in) {
        return std::vector<int>(in.begin(), in.end());
    });  // your model

    std::atomic<bool> serving{true};
    std::thread worker{[&] { scheduler.run(); }};
    std::thread asker{[&] {  // Redis is waited for here, and by no request
        while (serving.load()) {
            limit.target().refresh(fb::steady_clock{});
            std::this_thread::sleep_for(5ms);
        }
    }};

    std::int64_t offered = 0;
    std::int64_t admitted = 0;
    std::int64_t safely = 0;
    const auto start = std::chrono::steady_clock::now();
    for (auto next = start; next < start + std::chrono::seconds{seconds}; next += 500us) {
        std::this_thread::sleep_until(next);
        ++offered;
        const bool leased = limit.target().connected(fb::steady_clock{}.now());
        if (!scheduler.submit(1, {}, [](fb::outcome<int>) {})) continue;
        ++admitted;
        if (!leased) ++safely;
    }

    scheduler.drain(1s);
    worker.join();
    serving.store(false);
    asker.join();
    const fb::time_point now = fb::steady_clock{}.now();
    if (const std::int64_t rest = limit.target().unspent(now, true); rest > 0) store.give_back(7, rest, now);
    std::printf("offered %lld admitted %lld without_lease %lld\n", static_cast<long long>(offered),
                static_cast<long long>(admitted), static_cast<long long>(safely));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    int port = 0;
    int seconds = 0;
    if (argc != 4 || !read_number(argv[1], 1, 65535, port) || !read_number(argv[2], 1, 3600, seconds)) {
        std::fprintf(stderr, "usage: redis_quota PORT SECONDS SCRIPT\n");
        return 2;
    }
    std::ifstream file{argv[3]};
    const std::string script{std::istreambuf_iterator<char>{file}, {}};
    if (script.empty()) {
        std::fprintf(stderr, "redis_quota: cannot read %s\n", argv[3]);
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);  // a server that is gone is an error of the call, not the end of this host
    try {
        return serve(port, seconds, script);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "redis_quota: %s\n", error.what());
        return 1;
    }
}
