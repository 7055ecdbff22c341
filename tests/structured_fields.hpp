// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

// A strict reader of what the RateLimit fields are made of: Lists of String Items with Parameters that are Integers,
// Strings or Byte Sequences (RFC 9651, section 4.2). Anything else throws std::runtime_error.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace structured {

struct octets {
    std::string bytes;
    friend bool operator==(const octets&, const octets&) = default;
};
using bare = std::variant<std::int64_t, std::string, octets>;

struct item {
    std::string value;
    std::vector<std::pair<std::string, bare>> parameters;

    [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
    template <class Value>
    [[nodiscard]] Value get(std::string_view key) const {
        const bare* const found = find(key);
        if (found == nullptr) throw std::runtime_error("no parameter " + std::string{key});
        return std::get<Value>(*found);
    }
    [[nodiscard]] std::int64_t number(std::string_view key) const { return get<std::int64_t>(key); }
    friend bool operator==(const item&, const item&) = default;

private:
    [[nodiscard]] const bare* find(std::string_view key) const {
        for (const auto& [name, held] : parameters) {
            if (name == key) return &held;
        }
        return nullptr;
    }
};

class reader {
public:
    explicit reader(std::string_view text) : rest_{text} {}

    std::vector<item> list() {
        std::vector<item> items;
        skip(" ");
        while (!rest_.empty()) {
            items.push_back(one());
            skip(" \t");
            if (rest_.empty()) break;
            expect(',');
            skip(" \t");
            if (rest_.empty()) fail("a comma at the end");
        }
        return items;
    }

private:
    [[noreturn]] void fail(const std::string& why) const {
        throw std::runtime_error(why + " before '" + std::string{rest_} + "'");
    }
    [[nodiscard]] bool next_is(std::string_view any) const {
        return !rest_.empty() && any.find(rest_.front()) != std::string_view::npos;
    }
    char take() {
        if (rest_.empty()) fail("end of text");
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    void expect(char c) {
        if (take() != c) fail(std::string{"no "} + c);
    }
    void skip(std::string_view any) {
        while (next_is(any)) take();
    }

    item one() {
        item read{string(), {}};
        while (next_is(";")) {
            take();
            skip(" ");
            std::string name = key();
            if (read.has(name)) fail("parameter twice: " + name);
            expect('=');
            read.parameters.emplace_back(std::move(name), value());
        }
        return read;
    }
    std::string key() {
        constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
        std::string read;
        if (!next_is(lower) && !next_is("*")) fail("no key");
        while (next_is(lower) || next_is("0123456789_-.*")) read += take();
        return read;
    }
    bare value() {
        if (next_is("\"")) return string();
        if (next_is(":")) return byte_sequence();
        const bool negative = next_is("-");
        if (negative) take();
        std::string digits;
        while (next_is("0123456789")) digits += take();
        if (digits.empty() || digits.size() > 15 || next_is(".")) fail("no Integer");
        return negative ? -std::stoll(digits) : std::int64_t{std::stoll(digits)};
    }
    std::string string() {
        std::string read;
        expect('"');
        for (char c = take(); c != '"'; c = take()) {
            if (c == '\\') {
                c = take();
                if (c != '"' && c != '\\') fail("escaped for nothing");
            } else if (c < 0x20 || c > 0x7e) {
                fail("not printable");
            }
            read += c;
        }
        return read;
    }
    octets byte_sequence() {
        constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        octets read;
        std::uint32_t bits = 0;
        std::size_t digits = 0, padding = 0;
        expect(':');
        for (char c = take(); c != ':'; c = take(), ++digits) {
            const std::size_t digit = alphabet.find(c);
            if (c != '=' && (digit == std::string_view::npos || padding > 0)) fail("no base64");
            if (c == '=') ++padding;
            bits = bits << 6 | static_cast<std::uint32_t>(c == '=' ? 0 : digit);
            if (digits % 4 != 3) continue;
            for (const int shift : {16, 8, 0}) read.bytes += static_cast<char>(bits >> shift & 0xff);
            bits = 0;
        }
        if (digits % 4 != 0 || padding > 2) fail("not padded");
        for (; padding > 0; --padding) {
            if (read.bytes.back() != 0) fail("bits in the padding");
            read.bytes.pop_back();
        }
        return read;
    }

    std::string_view rest_;
};

[[nodiscard]] inline std::vector<item> list(std::string_view text) {
    return reader{text}.list();
}

}  // namespace structured
