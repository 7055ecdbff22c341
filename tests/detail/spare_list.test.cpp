// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/detail/spare_list.hpp>

#include <string>

TEST_CASE("spare objects are used, brought back and used again, the last one back first") {
    forebay::detail::spare_list<std::string> list{2, "made"};
    REQUIRE(list.all().size() == 2);
    std::string& first = list.next();
    CHECK(first == "made");
    CHECK(&list.next() == &first);
    list.take_next();
    std::string& second = list.next();
    CHECK(&second != &first);
    list.take_next();
    CHECK(list.empty());
    list.bring_back(first);
    list.bring_back(second);
    CHECK(&list.next() == &second);
    list.take_next();
    CHECK(&list.next() == &first);
    CHECK(list.all().size() == 2);
}
