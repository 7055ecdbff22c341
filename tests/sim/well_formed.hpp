// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cctype>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Why `markup` is not well-formed, with the place; empty if it is. Knows elements, quoted attributes, the five escapes
/// and one doctype; ids must be unique and what is referred to must be there.
inline std::string malformed(std::string_view markup) {
    std::vector<std::string> open;
    std::set<std::string> ids;
    std::set<std::string> references;
    std::size_t at = 0;
    const auto fail = [&](const std::string& why) {
        return why + " at " + std::to_string(at) + ": " + std::string{markup.substr(at, 60)};
    };
    const auto text_is_fine = [&](std::string_view text) {
        for (std::size_t i = text.find('&'); i != text.npos; i = text.find('&', i + 1)) {
            bool known = false;
            for (const char* escape : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"}) {
                known = known || text.substr(i).starts_with(escape);
            }
            if (!known) return false;
        }
        for (const char c : text) {
            if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') return false;
        }
        return true;
    };
    if (markup.starts_with("<!DOCTYPE html>\n")) at = 16;
    while (at < markup.size()) {
        const std::size_t tag = std::min(markup.find('<', at), markup.size());
        if (!text_is_fine(markup.substr(at, tag - at))) return fail("text with a stray & or control character");
        at = tag;
        if (at == markup.size()) break;
        std::size_t end = at + 1;
        for (char quote = 0; end < markup.size() && (quote != 0 || markup[end] != '>'); ++end) {
            if (markup[end] == '<') return fail("< inside a tag");
            if (quote != 0) {
                quote = markup[end] == quote ? '\0' : quote;
            } else if (markup[end] == '"') {
                quote = '"';
            }
        }
        if (end >= markup.size()) return fail("tag without an end");
        std::string_view inside = markup.substr(at + 1, end - at - 1);
        if (inside.starts_with('/')) {
            if (open.empty() || open.back() != inside.substr(1)) return fail("closes what is not open");
            open.pop_back();
        } else {
            const bool closed = inside.ends_with('/');
            if (closed) inside.remove_suffix(1);
            const std::size_t name_end = std::min(inside.find(' '), inside.size());
            const std::string name{inside.substr(0, name_end)};
            if (name.empty() || std::isalpha(static_cast<unsigned char>(name[0])) == 0)
                return fail("tag without a name");
            inside.remove_prefix(name_end);
            std::set<std::string> seen;
            while (!inside.empty()) {
                if (!inside.starts_with(' ')) return fail("attributes not apart");
                const std::size_t equals = inside.find("=\"");
                const std::size_t quote = equals == inside.npos ? inside.npos : inside.find('"', equals + 2);
                if (quote == inside.npos) return fail("attribute without a quoted value");
                const std::string key{inside.substr(1, equals - 1)};
                const std::string value{inside.substr(equals + 2, quote - equals - 2)};
                if (key.empty() || !seen.insert(key).second) return fail("attribute twice or without a name");
                if (!text_is_fine(value)) return fail("attribute with a stray & or control character");
                if (key == "id" && !ids.insert(value).second) return fail("id twice");
                if (key == "href" && value.starts_with('#')) references.insert(value.substr(1));
                if (key == "aria-labelledby") references.insert(value);
                inside.remove_prefix(quote + 1);
            }
            if (!closed) open.push_back(name);
        }
        at = end + 1;
    }
    if (!open.empty()) return "left open: " + open.back();
    for (const std::string& each : references) {
        if (!ids.contains(each)) return "refers to #" + each + ", which is nowhere";
    }
    return {};
}

/// What `markup` says with its tags taken away, each replaced by a bar.
inline std::string text_of(std::string_view markup) {
    std::string text;
    bool inside = false;
    for (const char c : markup) {
        if (c == '<') inside = true;
        if (!inside) text += c;
        if (c == '>') {
            inside = false;
            if (!text.ends_with('|')) text += '|';
        }
    }
    return text;
}
/// How often `part` stands in `text`.
inline std::size_t occurrences(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
    return count;
}
