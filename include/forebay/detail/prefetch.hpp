// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace forebay::inline v0::detail {

/// Has a cache line fetched that will be written soon.
inline void prefetch_line(const char* line) noexcept {
#if defined(__x86_64__)
    // What compilers make of __builtin_prefetch, unless they are told of the CPU, leaves the line shared, and the first
    // write would have to ask the other CPU once more. This one does nothing on CPUs that do not know it.
    asm volatile("prefetchw %0" : : "m"(*line));
#else
    __builtin_prefetch(line, 1);
#endif
}

/// Has the beginning of an object fetched, up to three lines, that will be written soon. It may be far away in a long queue,
/// or in the cache of another CPU: two CPUs that hand each other requests wait for little else.
template <class Object>
void prefetch(const Object& object) noexcept {
    constexpr std::size_t line = 64;
    const char* const first = reinterpret_cast<const char*>(&object);
    prefetch_line(first);
    if constexpr (sizeof(Object) > line) prefetch_line(first + line);
    if constexpr (sizeof(Object) > 2 * line) prefetch_line(first + 2 * line);
}

}  // namespace forebay::inline v0::detail
