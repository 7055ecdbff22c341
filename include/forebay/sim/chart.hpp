// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/sim/markup.hpp>
#include <forebay/sim/svg.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Charts of lines as figures of a page. Text, strokes and marks keep their size whatever the width: only the places of
// what is drawn stretch. `page_style.hpp` has the colours.
namespace forebay::inline v0::sim::html {

/// Lines that one chart shows at most: beyond that nobody tells them apart.
inline constexpr std::size_t most_lines = 12;

/// A place that stands out on a line.
struct mark {
    std::int64_t x;
    std::int64_t y;
    std::string note;  ///< shown when pointed at
};
struct line {
    /// Colour, dashes and the shape of the marks, each enough to tell neighbours apart.
    std::size_t style{0};
    std::string name;
    std::vector<point> points;
    std::vector<mark> marks;
};
struct chart {
    /// Unique on the page.
    std::string id;
    std::string title;
    /// Markup: how to read it.
    std::string note;
    axis x;
    axis y;
    std::string x_title;
    std::string y_title;
    std::vector<line> lines;
    bool stepped{false};
    /// A level to compare with, drawn across.
    std::optional<std::int64_t> level;
    std::string level_name;
    /// Markup: the numbers, folded away below.
    std::string data;
};

/// Classes of the n-th style. Colours repeat after 8, and then dashes and marks differ.
[[nodiscard]] inline std::string style_classes(std::size_t style) {
    return 's' + std::to_string(style % 8) + " d" + std::to_string((style + style / 8) % 6);
}
[[nodiscard]] inline std::string mark_at(std::size_t style, const std::string& x, const std::string& y,
                                         std::string_view note) {
    const std::string attributes =
        "href=\"#m" + std::to_string((style + style / 8) % 8) + "\" x=\"" + x + "\" y=\"" + y + '"';
    if (note.empty()) return void_element("use", attributes);
    return element("use", attributes, element("title", "", escaped(note)));
}

/// The shapes of the marks; stands once on a page that has charts.
[[nodiscard]] inline std::string mark_shapes() {
    constexpr std::array<const char*, 8> shapes{
        "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",                                                   // disc
        "M-3.6 -3.6H3.6V3.6H-3.6z",                                                              // square
        "M0 -5L4.6 3.4H-4.6z",                                                                   // triangle
        "M0 -5.2L5.2 0L0 5.2L-5.2 0z",                                                           // diamond
        "M0 5L4.6 -3.4H-4.6z",                                                                   // triangle on its tip
        "M-5 -1.5H-1.5V-5H1.5V-1.5H5V1.5H1.5V5H-1.5V1.5H-5z",                                    // plus
        "M0 -5.4L1.5 -1.7L5.2 -1.6L2.3 .8L3.3 4.5L0 2.4L-3.3 4.5L-2.3 .8L-5.2 -1.6L-1.5 -1.7z",  // star
        "M-4.6 -2.5L-2.5 -4.6L0 -2.1L2.5 -4.6L4.6 -2.5L2.1 0L4.6 2.5L2.5 4.6L0 2.1L-2.5 4.6L-4.6 2.5L-2.1 0z"  // cross
    };
    std::string defined;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        defined += void_element("path", "id=\"m" + std::to_string(i) + "\" d=\"" + shapes[i] + '"');
    }
    return element("svg", "class=\"shapes\" width=\"0\" height=\"0\" aria-hidden=\"true\"",
                   element("defs", "", defined));
}

/// A short stretch of the line with its mark, to stand before a name.
[[nodiscard]] inline std::string key(std::size_t style) {
    return element("svg", "class=\"key " + style_classes(style) + "\" width=\"44\" height=\"12\" aria-hidden=\"true\"",
                   void_element("path", "class=\"line\" d=\"M1 6H43\"") + mark_at(style, "22", "6", ""));
}

/// A table that scrolls in its own frame, also by keyboard.
[[nodiscard]] inline std::string scrolling(std::string_view label, std::string_view table) {
    return element("div", "class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" + escaped(label) + '"',
                   table);
}
[[nodiscard]] inline std::string folded(std::string_view summary, std::string_view content) {
    return element("details", "", element("summary", "", escaped(summary)) + std::string{content});
}

/// The grid, its labels and the lines.
[[nodiscard]] inline std::string drawing(const chart& it) {
    std::string grid;
    std::string labels;
    for (const std::int64_t tick : it.y.ticks) {
        const std::string at = percent(scale::ends - it.y.place(tick));
        grid += void_element("line", "x1=\"0\" x2=\"100%\" y1=\"" + at + "\" y2=\"" + at + '"');
        labels += element("text", "class=\"y\" x=\"-8\" dy=\".35em\" y=\"" + at + '"', it.y.label(tick));
    }
    // Narrow screens show every second or third label along the bottom, as many as have room.
    const std::size_t stride = (it.x.ticks.size() + 4) / 5;
    for (std::size_t i = 0; i < it.x.ticks.size(); ++i) {
        const std::string at = percent(it.x.place(it.x.ticks[i]));
        grid += void_element("line", "y1=\"0\" y2=\"100%\" x1=\"" + at + "\" x2=\"" + at + '"');
        labels += element("text",
                          (i % stride == 0 ? "class=\"x\" y=\"100%\" dy=\"1.7em\" x=\""
                                           : "class=\"x wide\" y=\"100%\" dy=\"1.7em\" x=\"") +
                              at + '"',
                          it.x.label(it.x.ticks[i]));
    }
    labels += element("text", "class=\"x-title\" x=\"100%\" y=\"100%\" dy=\"3.4em\"", escaped(it.x_title));
    labels += element("text", "class=\"y-title\" x=\"-52\" y=\"0\" dy=\"-1.2em\"", escaped(it.y_title));
    if (it.level) {
        const std::string at = percent(scale::ends - it.y.place(*it.level));
        grid += void_element("line", "class=\"level\" x1=\"0\" x2=\"100%\" y1=\"" + at + "\" y2=\"" + at + '"');
    }

    std::string paths;
    std::string marks;
    for (const line& each : it.lines) {
        const std::string classes = "class=\"line " + style_classes(each.style) + "\" d=\"";
        paths += void_element("path", classes + path_through(each.points, it.x, it.y, it.stepped) + '"');
        if (const std::string bars = path_of_margins(each.points, it.x, it.y); !bars.empty()) {
            paths +=
                void_element("path", "class=\"line margin s" + std::to_string(each.style % 8) + "\" d=\"" + bars + '"');
        }
        std::string own;
        for (const mark& one : each.marks) {
            own += mark_at(each.style, percent(it.x.place(one.x)), percent(scale::ends - it.y.place(one.y)), one.note);
        }
        if (!own.empty()) marks += element("g", "class=\"s" + std::to_string(each.style % 8) + '"', own);
    }
    const std::string box = std::to_string(scale::ends);
    return element(
        "svg", "role=\"img\" aria-labelledby=\"" + it.id + "-title\"",
        element("g", "class=\"grid\"", grid) + element("g", "class=\"labels\"", labels) +
            element("svg",
                    "class=\"lines\" width=\"100%\" height=\"100%\" preserveAspectRatio=\"none\" viewBox=\"0 0 " + box +
                        ' ' + box + '"',
                    paths) +
            marks);
}

/// The chart with its title, a legend and the numbers.
[[nodiscard]] inline std::string figure(const chart& it) {
    std::string legend;
    for (const line& each : it.lines) legend += element("li", "", key(each.style) + named(each.name));
    if (it.level) {
        legend += element("li", "",
                          element("svg", "class=\"key\" width=\"44\" height=\"12\" aria-hidden=\"true\"",
                                  void_element("path", "class=\"level\" d=\"M1 6H43\"")) +
                              escaped(it.level_name));
    }
    const std::string note = it.note.empty() ? "" : element("p", "", it.note);
    return element("figure", "tabindex=\"0\" aria-labelledby=\"" + it.id + "-title\"",
                   element("figcaption", "", element("h3", "id=\"" + it.id + "-title\"", escaped(it.title)) + note) +
                       element("ul", "class=\"legend\"", legend) + element("div", "class=\"plot\"", drawing(it)) +
                       it.data);
}

}  // namespace forebay::inline v0::sim::html
