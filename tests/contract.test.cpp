// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/contract.hpp>

#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct death {
    int signal;
    std::string words;
};

/// Runs `body` in a process of its own and says which signal ended it (0: none) and what it wrote to stderr.
template <class Body>
death run_apart(Body body) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // not the test framework's report
        dup2(ends[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    close(ends[1]);
    death result{};
    char buffer[256];
    for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0;) {
        result.words.append(buffer, static_cast<std::size_t>(n));
    }
    close(ends[0]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return result;
}

constexpr int half(int x) {
    FOREBAY_EXPECTS(x % 2 == 0, "pass an even number");
    return x / 2;
}

}  // namespace

TEST_CASE("a broken promise stops the program and says where, what was expected and what to do") {
    const death end = run_apart([] { half(3); });
    CHECK(end.signal == SIGABRT);
    CHECK_THAT(end.words, ContainsSubstring("contract.test.cpp:"));
    CHECK_THAT(end.words, ContainsSubstring("forebay: expected x % 2 == 0: pass an even number"));
}

TEST_CASE("a promise that is kept says nothing, also in a constant expression") {
    STATIC_REQUIRE(half(4) == 2);
    const death end = run_apart([] { half(4); });
    CHECK(end.signal == 0);
    CHECK(end.words.empty());
}

TEST_CASE("the condition of a promise is evaluated once") {
    int evaluated = 0;
    FOREBAY_EXPECTS(++evaluated > 0, "count upwards");
    CHECK(evaluated == 1);
}
