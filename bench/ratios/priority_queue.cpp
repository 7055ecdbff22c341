// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// Push and pop with tickets, expiry and keys in place, beside a bare heap of 16-byte entries.
#include "../ratio.hpp"
#include "../threads.hpp"
#include "held.hpp"
#include <forebay/queue/earliest_deadline.hpp>
#include <forebay/queue/fifo.hpp>
#include <forebay/queue/strict_priority.hpp>

#include <cstdlib>
#include <string>

namespace {

namespace fb = forebay;

template <class Queue>
auto steps(std::size_t count, Queue& queue) {
    return
        [count, &queue] { return ratio::nanoseconds_each(ratio::by::own_thread, count, [&] { queue.steps(count); }); };
}

void compare(const ratio::options& options, std::size_t size, const std::string& label, bool levels) {
    // Long enough to forget the other's cache lines.
    const std::size_t count = size < 500'000 ? 20'000 : 100'000;
    held::standard_queue heap{size};
    held::forebay_queue ranked{size, fb::earliest_deadline{}};
    held::forebay_queue leveled{size, fb::strict_priority{fb::fifo{}}};
    std::vector<ratio::contestant> all{{"std::priority_queue of 16-byte entries, " + label, steps(count, heap)},
                                       {"priority_queue, earliest deadline, " + label, steps(count, ranked)}};
    if (levels) all.push_back({"priority_queue, fifo under 8 levels, " + label, steps(count, leveled)});
    const ratio::contest contest{"push and pop at " + label + " queued", "ns a pair",
                                 options.repetitions(size < 500'000 ? 201 : 41), std::move(all)};
    contest.report_max(("priority_queue_ranked_" + label).c_str(), 1, 0, 2);
    if (levels) contest.report_max(("priority_queue_levels_" + label).c_str(), 2, 0, 0.6);
    if (heap.size() != size || ranked.size() != size || leveled.size() != size) std::abort();
}

}  // namespace

int main(int argc, char** argv) {
    const ratio::options options = ratio::parse(argc, argv);
    threads::cpus();
    threads::pin(0);
    compare(options, 1'000, "1k", true);
    compare(options, 100'000, "100k", true);
    compare(options, 1'000'000, "1M", false);
}
