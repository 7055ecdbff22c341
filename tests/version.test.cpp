// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/version.hpp>

#include <string>

TEST_CASE("the version CMake read is the version of the header") {
    const std::string version = std::to_string(FOREBAY_VERSION_MAJOR) + "." + std::to_string(FOREBAY_VERSION_MINOR) +
                                "." + std::to_string(FOREBAY_VERSION_PATCH);
    CHECK(version == FOREBAY_VERSION_OF_CMAKE);
}
