// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
//
// What a quota shared by leases admits, beside one bucket that sees every request: hosts x load x latency x failure, in
// virtual time. The same bytes on every machine.
#include "cluster.hpp"

#include <cstdio>

using namespace leases;

int main() {
    const scenario usual;
    std::printf(
        "Quota 1000/s, burst 100; %lld s; leases of 1 s; Poisson, seed %llu. Skewed: host i has a share in proportion "
        "to 1/i.\n"
        "Store away: for the middle third, for all hosts or for every second one; each host then has 1/hosts of the "
        "quota.\n"
        "error: admitted by all hosts against one bucket. burst: most admitted in any window beyond what the rate\n"
        "brings in it. asks: to the store, a second and host.\n\n",
        static_cast<long long>(usual.length / 1s), static_cast<unsigned long long>(usual.seed));
    std::printf("%8s %6s %7s %8s %11s | %8s %10s %8s %9s %9s %6s %6s\n", "offered", "hosts", "load", "latency", "store",
                "admitted", "one bucket", "error", "refused", "no lease", "burst", "asks");
    const auto name = [](outage what) {
        return what == outage::none ? "there" : what == outage::store ? "away" : "half away";
    };
    for (const int percent : {80, 150}) {
        for (const auto what : {outage::none, outage::store, outage::half}) {
            for (const auto spread : {load::even, load::skewed}) {
                for (const int hosts : {2, 8, 64}) {
                    for (const duration latency : {1ms, 10ms, 100ms}) {
                        scenario chosen;
                        chosen.hosts = hosts;
                        chosen.spread = spread;
                        chosen.latency = latency;
                        chosen.what = what;
                        chosen.offered_percent = percent;
                        const figures seen = cluster{chosen}.run();
                        std::printf(
                            "%6d %% %6d %7s %5lld ms %11s | %8lld %10lld %+6.2f %% %7.2f %% %9lld %6lld %6.1f\n",
                            percent, hosts, spread == load::even ? "even" : "skewed",
                            static_cast<long long>(latency / 1ms), name(what), static_cast<long long>(seen.admitted),
                            static_cast<long long>(seen.one_bucket), seen.error_percent(), seen.refused_percent(),
                            static_cast<long long>(seen.safely), static_cast<long long>(seen.worst_burst),
                            static_cast<double>(seen.asks) / hosts / static_cast<double>(chosen.length / 1s));
                    }
                }
            }
        }
    }
}
