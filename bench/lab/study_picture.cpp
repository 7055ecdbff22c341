// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "study_picture.hpp"

#include <forebay/sim/table.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

namespace lab {

namespace {

namespace sim = forebay::sim;

// In units of the picture, which scales.
constexpr double panel_width = 360;
constexpr double left = 58;  // for the numbers of the axis
constexpr double right = 12;
constexpr double top = 34;  // for the panel's name
constexpr double height = 200;
constexpr double below = 48;  // for the labels of the cases and what they are
constexpr double legend_row = 20;

/// Okabe and Ito's colours, which colour-blind readers can tell apart, with a dash pattern and a marker each.
struct look {
    const char* light;
    const char* dark;
    const char* dashes;
};
constexpr std::array<look, 6> looks{{{"#0072b2", "#56b4e9", ""},
                                     {"#b34700", "#e69f00", "7 3"},
                                     {"#00754f", "#2fc79a", "2 3"},
                                     {"#8f4a75", "#d998bd", "9 3 2 3"},
                                     {"#555555", "#b8b8b8", "4 2"},
                                     {"#7a6a00", "#f0e442", "1 2"}}};

std::string number(double value) {
    std::string text = sim::decimal(value, 1);
    return text == "-0.0" ? "0.0" : text;
}

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '"': result += "&quot;"; break;
            default: result += c;
        }
    }
    return result;
}

std::string text_at(double x, double y, const char* anchor, std::string_view content, const char* style = "") {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\"" + style + ">" +
           escaped(content) + "</text>\n";
}

std::string marker(std::size_t which, double x, double y) {
    const std::string style = "c" + std::to_string(which % looks.size());
    constexpr double r = 3.5;
    if (which % 3 == 0) {
        return "<circle class=\"" + style + " dot\" cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"3.5\"/>\n";
    }
    if (which % 3 == 1) {
        return "<rect class=\"" + style + " dot\" x=\"" + number(x - r) + "\" y=\"" + number(y - r) +
               "\" width=\"7\" height=\"7\"/>\n";
    }
    return "<path class=\"" + style + " dot\" d=\"M" + number(x) + ' ' + number(y - r - 1) + 'L' + number(x + r + 1) +
           ' ' + number(y + r) + 'H' + number(x - r - 1) + "z\"/>\n";
}

/// From the values drawn to heights above the axis.
class upright {
public:
    upright(double least, double most, bool logarithmic) : logarithmic_{logarithmic && least > 0} {
        if (logarithmic_) {
            low_ = std::floor(std::log10(least));
            high_ = std::max(std::ceil(std::log10(most)), low_ + 1);
            for (double power = low_; power <= high_; ++power) ticks_.push_back(std::pow(10, power));
            return;
        }
        most = most > 0 ? most : 1;
        double step = std::pow(10, std::floor(std::log10(most)));
        for (const double part : {0.2, 0.5, 1.0}) {
            if (most / (step * part) <= 5) {
                step *= part;
                break;
            }
        }
        if (most / step > 5) step *= 2;
        high_ = std::ceil(most / step - 1e-9) * step;
        for (int i = 0; i * step <= high_ + step / 2; ++i) ticks_.push_back(i * step);
    }

    [[nodiscard]] double operator()(double value) const {
        const double place = logarithmic_ ? std::log10(value) : value;
        return height * std::clamp((place - low_) / (high_ - low_), 0.0, 1.0);
    }
    [[nodiscard]] const std::vector<double>& ticks() const noexcept { return ticks_; }

private:
    bool logarithmic_;
    double low_{0};
    double high_{1};
    std::vector<double> ticks_;
};

[[nodiscard]] std::string shortest(double value) {
    if (value >= 1e6) return shortest(value / 1e6) + "M";
    if (value >= 1e4) return shortest(value / 1e3) + "k";
    for (int decimals = 0; decimals < 6; ++decimals) {
        const double unit = std::pow(10, decimals);
        if (std::abs(value * unit - std::round(value * unit)) < 1e-6) return sim::decimal(value, decimals);
    }
    return sim::decimal(value, 6);
}

std::vector<std::string> policies_of(const std::vector<study_row>& rows) {
    std::vector<std::string> names;
    for (const study_row& row : rows) {
        if (std::find(names.begin(), names.end(), row.policy) == names.end()) names.push_back(row.policy);
    }
    return names;
}

std::string panel(const study& of, const std::vector<study_row>& rows, const std::vector<std::string>& policies,
                  std::size_t column, double x0, double y0) {
    double least = std::numeric_limits<double>::infinity();
    double most = 0;
    for (const study_row& row : rows) {
        if (!row.values[column]) continue;
        least = std::min(least, *row.values[column]);
        most = std::max(most, *row.values[column]);
    }
    const double from = x0 + left;
    const double to = x0 + panel_width - right;
    const double floor = y0 + top + height;
    const study_column& shown = of.columns[column];
    const bool logarithmic =
        std::find(of.logarithmic.begin(), of.logarithmic.end(), shown.name) != of.logarithmic.end();
    const upright scale{least, most, logarithmic};

    std::string svg = text_at(from, y0 + 20, "start", shown.unit.empty() ? shown.name : shown.name + ", " + shown.unit,
                              " font-weight=\"600\"");
    for (const double tick : scale.ticks()) {
        const double y = floor - scale(tick);
        svg += "<path class=\"grid\" d=\"M" + number(from) + ' ' + number(y) + 'H' + number(to) + "\"/>\n";
        svg += text_at(from - 6, y + 4, "end", shortest(tick));
    }
    const bool varied = !of.varied.empty();
    const bool lines = varied && !of.categories;
    const std::size_t places = varied ? of.cases.size() : policies.size();
    const double pitch = (to - from) / static_cast<double>(places);
    const auto middle = [&](std::size_t i) { return from + pitch * (static_cast<double>(i) + 0.5); };
    if (varied) {
        for (std::size_t i = 0; i < places; ++i) svg += text_at(middle(i), floor + 18, "middle", of.cases[i].label);
        svg += text_at((from + to) / 2, floor + 38, "middle", of.varied);
    }
    for (std::size_t p = 0; p < policies.size(); ++p) {
        const std::string style = "c" + std::to_string(p % looks.size());
        std::string path;
        std::string markers;
        bool drawing = false;
        for (std::size_t i = 0; i < of.cases.size(); ++i) {
            const auto row = std::find_if(rows.begin(), rows.end(), [&](const study_row& each) {
                return each.at_case == i && each.policy == policies[p];
            });
            const std::optional<double> value = row == rows.end() ? std::nullopt : row->values[column];
            if (!value) {
                drawing = false;
                continue;
            }
            const double y = floor - scale(*value);
            if (!lines) {
                const auto side_by_side = static_cast<double>(varied ? policies.size() : 1);
                const double half = std::min(pitch * 0.35 / side_by_side, 30.0);
                const double x =
                    varied ? middle(i) + (2 * static_cast<double>(p) + 1 - side_by_side) * half : middle(p);
                svg += "<rect class=\"" + style + " bar\" x=\"" + number(x - half) + "\" y=\"" + number(y) +
                       "\" width=\"" + number(2 * half) + "\" height=\"" + number(floor - y) + "\"/>\n";
                if (!varied) svg += text_at(x, y - 5, "middle", sim::decimal(*value, shown.decimals));
                continue;
            }
            const double x = middle(i);
            path += (drawing ? 'L' : 'M') + number(x) + ' ' + number(y);
            drawing = true;
            markers += marker(p, x, y);
        }
        if (!path.empty()) svg += "<path class=\"" + style + " line\" d=\"" + path + "\"/>\n" + markers;
    }
    svg += "<path class=\"axis\" d=\"M" + number(from) + ' ' + number(floor) + 'H' + number(to) + "\"/>\n";
    return svg;
}

std::string styles() {
    std::string css =
        "text{font:12px system-ui,sans-serif;fill:#222}.grid{stroke:#ddd}.axis{stroke:#777}"
        ".line{fill:none;stroke-width:2}.ground{fill:#fff}";
    std::string dark = "text{fill:#e6e6e6}.grid{stroke:#3a3a3a}.axis{stroke:#999}.ground{fill:#161616}";
    for (std::size_t i = 0; i < looks.size(); ++i) {
        const std::string name = ".c" + std::to_string(i);
        const auto colours = [&](const char* colour) {
            return name + ".line{stroke:" + colour + "}" + name + ".dot," + name + ".bar{fill:" + colour + "}";
        };
        css += colours(looks[i].light);
        if (*looks[i].dashes != '\0') css += name + ".line{stroke-dasharray:" + looks[i].dashes + "}";
        dark += colours(looks[i].dark);
    }
    return "<style>" + css + "@media(prefers-color-scheme:dark){" + dark + "}</style>\n";
}

}  // namespace

std::string draw(const study& of, const std::vector<study_row>& rows) {
    const std::vector<std::string> policies = policies_of(rows);
    const double width = panel_width * static_cast<double>(of.panels.size());
    constexpr double entry = 180;  // of the legend
    const auto in_row = static_cast<std::size_t>(std::max(1.0, std::floor((width - left) / entry)));
    const double legend = legend_row * static_cast<double>((policies.size() + in_row - 1) / in_row) + 8;
    const double whole = legend + top + height + (of.varied.empty() ? 12 : below);

    std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + ' ' + number(whole) +
                      "\" width=\"" + number(width) + "\" role=\"img\" aria-label=\"" + escaped(of.title) + "\">\n" +
                      "<title>" + escaped(of.title) + "</title>\n" + styles() + "<rect class=\"ground\" width=\"" +
                      number(width) + "\" height=\"" + number(whole) + "\"/>\n";
    for (std::size_t p = 0; p < policies.size(); ++p) {
        const double x = left + entry * static_cast<double>(p % in_row);
        const double y = 16 + legend_row * static_cast<double>(p / in_row);
        const std::string style = "c" + std::to_string(p % looks.size());
        if (!of.varied.empty() && !of.categories) {
            svg += "<path class=\"" + style + " line\" d=\"M" + number(x) + ' ' + number(y - 4) + "h26\"/>\n" +
                   marker(p, x + 13, y - 4);
        } else {
            svg += "<rect class=\"" + style + " bar\" x=\"" + number(x + 6) + "\" y=\"" + number(y - 11) +
                   "\" width=\"14\" height=\"14\"/>\n";
        }
        svg += text_at(x + 32, y, "start", policies[p]);
    }
    for (std::size_t i = 0; i < of.panels.size(); ++i) {
        const auto column = std::find_if(of.columns.begin(), of.columns.end(),
                                         [&](const study_column& each) { return each.name == of.panels[i]; });
        svg += panel(of, rows, policies, static_cast<std::size_t>(column - of.columns.begin()),
                     panel_width * static_cast<double>(i), legend);
    }
    return svg + "</svg>\n";
}

}  // namespace lab
