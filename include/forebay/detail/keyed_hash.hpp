// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <chrono>
#include <cstdint>

namespace forebay::inline v0::detail {

/// What a table's positions depend on besides the key. Secret, where clients choose keys.
struct table_seed {
    std::uint64_t a{0};
    std::uint64_t b{0};

    friend constexpr bool operator==(table_seed, table_seed) noexcept = default;
};

/// The two halves of a 64 x 64 bit product, folded by xor: each result bit depends on all bits of both operands.
[[nodiscard]] constexpr std::uint64_t fold_product(std::uint64_t x, std::uint64_t y) noexcept {
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(x) * y;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Position of a 64-bit key in a table: every bit may be used, the low ones too.
///
/// Promises that keys chosen without knowledge of the seed spread evenly, also keys that differ in few bits, are dense
/// or share a stride. Does not promise secrecy: it is no cryptographic function, and whoever can time many look-ups may
/// learn the seed. So a table also bounds its probes. Two keys may share all 64 bits, as by chance. cost  two
/// multiplications
class mixer {
public:
    // Both multipliers are secret, so a difference between two keys that survives one seed does not survive another.
    // The odd constants (from the fraction of the golden ratio) keep weak seeds such as {0, 0} usable.
    constexpr explicit mixer(table_seed seed) noexcept
        : a_{seed.a},
          first_{(seed.b ^ golden) | 1},
          b_{seed.b},
          second_{(std::rotl(seed.a, 32) ^ std::rotl(golden, 32)) | 1} {}

    [[nodiscard]] constexpr std::uint64_t operator()(std::uint64_t value) const noexcept {
        return fold_product(fold_product(value ^ a_, first_) ^ b_, second_);
    }

private:
    static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;
    std::uint64_t a_;
    std::uint64_t first_;
    std::uint64_t b_;
    std::uint64_t second_;
};
/// The same for a seed that is used once.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value, table_seed seed) noexcept {
    return mixer{seed}(value);
}

/// One seed for this process, another for the next: from where the loader put code, data and stack, and the time.
/// Without address randomisation only the time, to the clock's resolution, is left of that. No I/O.
[[nodiscard]] inline table_seed process_seed() noexcept {
    static const table_seed seed = [] {
        static const char data = 0;
        const char stack = 0;
        const auto address = [](const char& at) { return std::bit_cast<std::uintptr_t>(&at); };
        const auto time = std::chrono::steady_clock::now().time_since_epoch().count();
        const table_seed raw{std::uint64_t{address(data)}, std::uint64_t{address(stack)}};
        const std::uint64_t a = mix(static_cast<std::uint64_t>(time), raw);
        return table_seed{a, mix(raw.a ^ raw.b, {a, ~static_cast<std::uint64_t>(time)})};
    }();
    return seed;
}

}  // namespace forebay::inline v0::detail
