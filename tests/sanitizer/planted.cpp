// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

// One fault of each kind, chosen by the argument: a build whose sanitizer was lost on the way ends with status 0 and is
// found out. Nothing here is a constant that the compiler could see through.
#include <climits>
#include <cstdio>
#include <cstring>
#include <thread>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    int written = 0;
    if (std::strcmp(argv[1], "address") == 0) {
        int* const freed = new int{argc};
        delete freed;
        written = *static_cast<volatile int*>(freed);
    } else if (std::strcmp(argv[1], "undefined") == 0) {
        written = INT_MAX - 1 + argc;
    } else if (std::strcmp(argv[1], "thread") == 0) {
        int raced = 0;
        std::thread other{[&] { raced += argc; }};
        raced += argc;
        other.join();
        written = raced;
    }
    std::printf("%d: nobody noticed\n", written);
    return 0;
}
