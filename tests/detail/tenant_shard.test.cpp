// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/tenant_shard.hpp>

using namespace forebay;
using namespace std::chrono_literals;

TEST_CASE("A shard keeps the latest time at which a bucket was forgotten, and its lock while held") {
    detail::tenant_shard<multi_threaded> shard;
    static_assert(sizeof(shard) == 64);
    shard.forget(time_point{5s});
    shard.forget(time_point{3s});
    CHECK(shard.forgotten == time_point{5s});
    {
        const detail::tenant_shard<multi_threaded>::held lock{shard};
        CHECK_FALSE(shard.lock.try_lock());
    }
    CHECK(shard.lock.try_lock());
    shard.lock.unlock();
    {
        const detail::tenant_shard<multi_threaded>::renewal one{shard};
        const detail::tenant_shard<multi_threaded>::renewal other{shard};
        CHECK(shard.renewing == 2);
    }
    CHECK(shard.renewing == 0);
}
