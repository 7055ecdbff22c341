// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/observe/histogram.hpp>
#include <forebay/outcome.hpp>
#include <forebay/sim/arrival.hpp>
#include <forebay/sim/random.hpp>
#include <forebay/sim/report.hpp>
#include <forebay/sim/run_options.hpp>
#include <forebay/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace forebay::inline v0::sim {

/// One batch, as those that were in it are told of it: each has an equal part of its time, and what the division leaves
/// goes to the first, a nanosecond each.
class batch_run {
public:
    batch_run() noexcept = default;
    /// size  [> 0]
    batch_run(time_point start, duration time, std::size_t size) noexcept : start_{start}, part_{time}, size_{size} {
        if (size == 1) return;
        part_ = time / static_cast<std::int64_t>(size);
        left_ = (time - part_ * static_cast<std::int64_t>(size)).count();
    }

    [[nodiscard]] time_point start() const noexcept { return start_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// The next member's part.
    [[nodiscard]] duration take_part() noexcept { return left_ > 0 ? (--left_, part_ + duration{1}) : part_; }

private:
    time_point start_{};
    duration part_{0};
    std::size_t size_{0};
    std::int64_t left_{0};
};

/// What became of requests, by tenant, kind and class: counted once, where all three meet, and added up at the end.
///
/// memory   for each such meeting point; with exact percentiles 16 bytes for each request that was delivered, else 30 KiB
/// threads  one at a time
class request_groups {
public:
    explicit request_groups(percentiles precision) : precision_{precision} {}

    /// The counters of those like `request`. Valid until another is asked for.
    [[nodiscard]] tally& of(const arrival& request) { return cell_of(request).sum; }

    /// It was answered after `latency` by that batch.
    void delivered(const arrival& request, batch_run& by, duration latency) {
        cell& to = cell_of(request);
        ++to.sum.ended[static_cast<std::size_t>(ending::delivered)];
        to.sum.good += latency <= request.slo;
        to.sum.batch_sizes += by.size();
        to.sum.service = sum(to.sum.service, by.take_part());
        to.sum.cost = sum(to.sum.cost, request.known_cost());
        const delays both{saturating_sub(by.start(), request.at), latency};
        if (precision_ == percentiles::exact) {
            to.all.push_back(both);
        } else {
            if (!to.rough) to.rough = std::make_unique<rough_delays>();
            to.rough->add(both);
        }
    }

    /// Indices of the first tenants that asked for something, at most so many.
    [[nodiscard]] std::vector<std::uint32_t> first_tenants(std::size_t most) const {
        std::vector<std::uint32_t> found;
        for (const cell& each : cells_) found.push_back(each.tenant);
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        if (found.size() > most) found.resize(most);
        return found;
    }

    /// Fills in report.all, kinds, tenants and classes.
    void summarise(report& to, const std::vector<std::string>& tenants, const std::vector<std::string>& kinds,
                   bool curves) const {
        std::vector<const cell*> everyone;
        std::map<std::int64_t, std::vector<const cell*>> by_kind;
        std::map<std::int64_t, std::vector<const cell*>> by_tenant;
        std::map<std::int64_t, std::vector<const cell*>> by_class;
        for (const cell& each : cells_) {
            everyone.push_back(&each);
            by_kind[each.kind].push_back(&each);
            by_tenant[each.tenant].push_back(&each);
            by_class[each.priority].push_back(&each);
        }
        to.all = sum_of(everyone, curves);
        to.all.name = "all";
        // Groups of the same requests have the same spreads: they are taken once.
        std::vector<std::pair<const std::vector<const cell*>*, const tally*>> known{{&everyone, &to.all}};
        const auto add_up = [&](std::vector<tally>& into, const auto& groups, auto&& label) {
            into.reserve(groups.size());
            for (const auto& [index, members] : groups) {
                const auto same = std::find_if(known.begin(), known.end(),
                                               [&, m = &members](const auto& each) { return *each.first == *m; });
                into.push_back(same == known.end() ? sum_of(members, curves) : *same->second);
                label(into.back(), index);
            }
        };
        add_up(to.kinds, by_kind,
               [&](tally& group, std::int64_t index) { group.name = kinds.at(static_cast<std::size_t>(index)); });
        add_up(to.tenants, by_tenant,
               [&](tally& group, std::int64_t index) { group.name = tenants.at(static_cast<std::size_t>(index)); });
        std::size_t place = 0;
        for (const auto& [index, members] : by_kind) known.emplace_back(&members, &to.kinds[place++]);
        add_up(to.classes, by_class, [&](tally& group, std::int64_t index) {
            group.name = std::to_string(index);
            group.priority = static_cast<std::int32_t>(index);
        });
    }

private:
    struct delays {
        duration queue_delay;
        duration latency;
    };
    struct rough_delays {
        histogram queue_delay;
        histogram latency;
        wide queue_delays{0};
        wide latencies{0};

        void add(const delays& both) noexcept {
            const auto waited = static_cast<std::uint64_t>(both.queue_delay.count());
            const auto took = static_cast<std::uint64_t>(both.latency.count());
            queue_delay.record(waited);
            latency.record(took);
            queue_delays += waited;
            latencies += took;
        }
        void add(const rough_delays& other) noexcept {
            queue_delay.merge(other.queue_delay);
            latency.merge(other.latency);
            queue_delays += other.queue_delays;
            latencies += other.latencies;
        }
    };
    struct cell {
        std::uint32_t tenant;
        std::uint32_t kind;
        std::int32_t priority;
        tally sum{};
        std::vector<delays> all{};
        std::unique_ptr<rough_delays> rough{};

        [[nodiscard]] bool holds(const arrival& request) const noexcept {
            return tenant == request.tenant && kind == request.kind && priority == request.info.priority;
        }
    };

    [[nodiscard]] cell& cell_of(const arrival& request) {
        if (recent_ != nullptr && recent_->holds(request)) return *recent_;
        return *(recent_ = &find(request));
    }
    // Open addressing, at most half full.
    cell& find(const arrival& request) {
        if (2 * (cells_.size() + 1) > table_.size()) grow();
        std::size_t at = hash(request.tenant, request.kind, request.info.priority) & (table_.size() - 1);
        for (; table_[at] != nobody; at = (at + 1) & (table_.size() - 1)) {
            if (cells_[table_[at]].holds(request)) return cells_[table_[at]];
        }
        table_[at] = static_cast<std::uint32_t>(cells_.size());
        cells_.push_back({request.tenant, request.kind, request.info.priority});
        return cells_.back();
    }
    void grow() {
        table_.assign(std::max<std::size_t>(16, 2 * table_.size()), nobody);
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            std::size_t at = hash(cells_[i].tenant, cells_[i].kind, cells_[i].priority) & (table_.size() - 1);
            while (table_[at] != nobody) at = (at + 1) & (table_.size() - 1);
            table_[at] = static_cast<std::uint32_t>(i);
        }
    }
    static std::size_t hash(std::uint32_t tenant, std::uint32_t kind, std::int32_t priority) noexcept {
        std::uint64_t mixed = ((std::uint64_t{tenant} << 32) ^ kind) * 0x9e3779b97f4a7c15ULL;
        mixed = (mixed ^ static_cast<std::uint32_t>(priority)) * 0x9e3779b97f4a7c15ULL;
        return static_cast<std::size_t>(mixed >> 32);
    }

    [[nodiscard]] tally sum_of(const std::vector<const cell*>& members, bool curves) const {
        tally group;
        std::size_t count = 0;
        for (const cell* each : members) {
            group.add(each->sum);
            count += each->all.size();
        }
        if (precision_ == percentiles::histogram) {
            rough_delays all;
            for (const cell* each : members) {
                if (each->rough) all.add(*each->rough);
            }
            group.queue_delay = spread::of(all.queue_delay, all.queue_delays, curves);
            group.latency = spread::of(all.latency, all.latencies, curves);
            return group;
        }
        const auto gathered = [&](duration delays::*which) {
            std::vector<duration> values;
            values.reserve(count);
            for (const cell* each : members) {
                for (const delays& both : each->all) values.push_back(both.*which);
            }
            return spread::of(std::move(values), curves);
        };
        group.queue_delay = gathered(&delays::queue_delay);
        group.latency = gathered(&delays::latency);
        return group;
    }

    static constexpr std::uint32_t nobody = ~std::uint32_t{0};

    percentiles precision_;
    std::vector<cell> cells_;
    std::vector<std::uint32_t> table_;
    cell* recent_{nullptr};  // set anew whenever cells_ may have grown
};

}  // namespace forebay::inline v0::sim
