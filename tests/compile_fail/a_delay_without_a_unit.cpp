// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
// expect g++: could not convert '5' from 'int' to 'forebay::v0::duration'
// expect clang++: no viable conversion from 'int' to 'duration'
// errors: 1
#include <forebay/batch/size_or_delay.hpp>

using namespace std::chrono_literals;
#ifdef FOREBAY_CONTROL
const forebay::size_or_delay policy{.max_batch_size = 8, .max_queue_delay = 5ms};
#else
const forebay::size_or_delay policy{.max_batch_size = 8, .max_queue_delay = 5};
#endif
