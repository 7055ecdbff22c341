// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "admission_laws.hpp"

#include "catch.hpp"
#include <forebay/admission/adaptive_limit.hpp>
#include <forebay/admission/all_of.hpp>
#include <forebay/admission/concurrency_limit.hpp>
#include <forebay/admission/keyed_by.hpp>
#include <forebay/admission/per_tenant.hpp>
#include <forebay/admission/policy.hpp>
#include <forebay/admission/quota_lease.hpp>
#include <forebay/admission/shared.hpp>

#include <vector>

using namespace forebay;

namespace {

std::vector<request_info> requests() {
    std::vector<request_info> all;
    for (std::uint64_t tenant = 0; tenant < 5; ++tenant) {
        for (const std::int64_t cost : {1, 2, 7, 12}) all.push_back({.tenant = tenant_id{tenant}, .cost = cost});
    }
    return all;
}

struct tiers {
    quota operator()(tenant_id tenant) const noexcept {
        return tenant == tenant_id{0} ? quota{rate::per_second(3), 4} : quota{rate::per_second(10), 10};
    }
};

// Made here, as clang 19 goes wrong where an aggregate is deduced inside a template.
auto held() {
    return quota_lease{.least = 300, .counts = by_cost};
}
auto of_requests() {
    return quota_lease{.safe = quota{rate::per_second(2), 5}};
}
auto of_costs() {
    return quota_lease{.safe = quota{rate::per_second(7), 10}, .counts = by_cost};
}
auto without_safe() {
    return quota_lease{.most = 5, .counts = by_cost};
}

/// A host that holds a lease longer than any law takes, and whose store is not heard of again.
struct leased {
    template <class Sync>
    struct state : quota_lease_state<Sync, asked_by_host, by_cost_t> {
        explicit state(const quota_lease<asked_by_host, by_cost_t>& policy)
            : quota_lease_state<Sync, asked_by_host, by_cost_t>{policy} {
            const auto ask = this->wanted(time_point{});
            this->granted(ask->number, {ask->amount, time_point::max()}, time_point{});
        }
    };

    template <class Sync>
    [[nodiscard]] state<Sync> build() const {
        return state<Sync>{held()};
    }
};

template <class Sync, class Make>
void check_laws(Make make) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) admission_laws<Sync, Make>{make, requests(), seed}.check();
}

}  // namespace

TEMPLATE_TEST_CASE("admit_all keeps the laws of admission", "", multi_threaded, single_threaded) {
    check_laws<TestType>([] { return admit_all{}; });
}

TEMPLATE_TEST_CASE("per_tenant keeps the laws of admission", "", multi_threaded, single_threaded) {
    check_laws<TestType>([] { return per_tenant{quota{rate::per_second(2), 5}}; });
    check_laws<TestType>([] { return per_tenant{quota{rate::per_second(7), 10}, by_cost}; });
    check_laws<TestType>([] { return per_tenant{tiers{}, by_cost}; });
    check_laws<TestType>([] { return per_tenant{quota{rate::zero(), 300}, by_cost}; });
}

TEMPLATE_TEST_CASE("concurrency_limit keeps the laws of admission", "", multi_threaded, single_threaded) {
    check_laws<TestType>([] { return concurrency_limit{3}; });
    check_laws<TestType>([] { return concurrency_limit{20, by_cost}; });
}

TEMPLATE_TEST_CASE("adaptive_limit keeps the laws of admission", "", multi_threaded, single_threaded) {
    check_laws<TestType>([] { return adaptive_limit{.initial = 3}; });
}

TEMPLATE_TEST_CASE("quota_lease keeps the laws of admission, by its safe capacity and by a lease", "", multi_threaded,
                   single_threaded) {
    check_laws<TestType>(of_requests);
    check_laws<TestType>(of_costs);
    check_laws<TestType>(without_safe);
    check_laws<TestType>([] { return leased{}; });
}

TEMPLATE_TEST_CASE("all_of keeps the laws of admission", "", multi_threaded, single_threaded) {
    check_laws<TestType>([] {
        return all_of{per_tenant{quota{rate::per_second(20), 10}},
                      per_tenant{quota{rate::per_second(60), 30}, by_cost}};
    });
    check_laws<TestType>([] {
        return all_of{per_tenant{quota{rate::per_second(60), 30}, by_cost}, concurrency_limit{4}};
    });
    check_laws<TestType>([] { return share(all_of{concurrency_limit{4}, per_tenant{tiers{}, by_cost}}); });
    check_laws<TestType>([] {
        return all_of{keyed_by{everybody, per_tenant{.limit = quota{rate::per_second(50), 20}, .max_tenants = 1}},
                      all_of{concurrency_limit{8}, per_tenant{quota{rate::per_second(7), 12}, by_cost}}};
    });
}

TEMPLATE_TEST_CASE("A shared limit keeps the laws of admission", "", multi_threaded, single_threaded) {
    check_laws<TestType>([] { return share(per_tenant{quota{rate::per_second(7), 10}, by_cost}); });
}
