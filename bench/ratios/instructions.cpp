// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// What callgrind counts: `instructions forebay|promises|swap ROUNDS` takes ROUNDS batches from submit to outcome on one
// thread. The difference of two runs, over the requests one had more, leaves out everything that happens once.
#include "contestants.hpp"

#include <cstdlib>
#include <cstring>

namespace {

template <class Way>
void drive(std::uint64_t rounds) {
    Way way;
    std::uint64_t next = 0;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        way.begin(contestants::batch_size);
        for (std::size_t i = 0; i < contestants::batch_size; ++i) way.submit(next++);
        way.step();
        way.finish();
    }
    way.check(next);
    way.stop();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3) {
        const std::uint64_t rounds = std::strtoull(argv[2], nullptr, 10);
        if (std::strcmp(argv[1], "forebay") == 0) return drive<contestants::forebay_way>(rounds), 0;
        if (std::strcmp(argv[1], "promises") == 0) return drive<contestants::promise_way>(rounds), 0;
        if (std::strcmp(argv[1], "swap") == 0) return drive<contestants::swap_way>(rounds), 0;
    }
    std::fputs("expected: instructions forebay|promises|swap ROUNDS\n", stderr);
    return 2;
}
