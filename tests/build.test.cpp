// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"

#include <string>

// g++ says it with a macro, clang with a feature.
#if defined(__has_feature)
#define FOREBAY_TEST_FEATURE(name) __has_feature(name)
#else
#define FOREBAY_TEST_FEATURE(name) 0
#endif

TEST_CASE("this program was compiled with the sanitizer that was asked for, and no other") {
#if defined(__SANITIZE_ADDRESS__) || FOREBAY_TEST_FEATURE(address_sanitizer)
    const std::string found = "address";
#elif defined(__SANITIZE_THREAD__) || FOREBAY_TEST_FEATURE(thread_sanitizer)
    const std::string found = "thread";
#else
    const std::string found = "none";
#endif
    CHECK(found == FOREBAY_SANITIZER_OF_CMAKE);
}
