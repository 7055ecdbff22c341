// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0

// The end of both translation units, after all headers: no `#pragma once`, each is to have its own.
#include "facts.hpp"

facts FOREBAY_UNIT() {
    return {{sizeof(forebay::request_info), sizeof(forebay::ticket), sizeof(forebay::verdict),
             sizeof(forebay::outcome<int>), sizeof(forebay::quota), sizeof(forebay::multi_threaded::word_lock),
             sizeof(forebay::single_threaded::word_lock), sizeof(forebay::manual_clock)},
            {&forebay::no_deadline,
             reinterpret_cast<const void*>(
                 static_cast<forebay::verdict (*)(forebay::time_point) noexcept>(forebay::admitted))}};
}
