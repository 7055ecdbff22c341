// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include <forebay/outcome.hpp>
#include <forebay/rate.hpp>
#include <forebay/request.hpp>
#include <forebay/sync.hpp>
#include <forebay/verdict.hpp>
#include <forebay/version.hpp>

#include <cstdio>
#include <string>

int main() {
    const forebay::quota quota{forebay::rate::per_minute(600), 60};
    const forebay::outcome<std::string> reply = std::string{"reply"};
    std::printf("forebay %d.%d.%d: %lld requests at once\n", FOREBAY_VERSION_MAJOR, FOREBAY_VERSION_MINOR,
                FOREBAY_VERSION_PATCH, static_cast<long long>(quota.burst()));
    return reply && forebay::admitted(forebay::steady_clock{}.now()) ? 0 : 1;
}
