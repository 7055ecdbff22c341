// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/policy.hpp>
#include <forebay/batch/policy.hpp>
#include <forebay/queue/discipline.hpp>
#include <forebay/sim/promises.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace lab {

// Policies that are chosen while the program runs, behind one virtual call each, so that the scheduler is compiled once for
// all of them. Production chooses them as types: nothing of this is in the library. A run takes 1.2 times as long as by
// types (about 45 ns a request more, of 210, on a 2-core VM); adaptor_cost.cpp measures it, and any_workload.hpp's share.

/// Any admission policy.
class any_admission {
    struct limit {
        virtual ~limit() = default;
        virtual forebay::verdict try_acquire(const forebay::request_info& info, forebay::time_point now,
                                             forebay::permit& taken) noexcept = 0;
        virtual forebay::verdict reserve(const forebay::request_info& info, forebay::time_point now,
                                         forebay::duration max_wait, forebay::permit& taken) noexcept = 0;
        virtual forebay::verdict ask(const forebay::request_info& info, forebay::time_point now,
                                     forebay::duration max_wait) noexcept = 0;
        virtual forebay::verdict reserve_at(const forebay::request_info& info, forebay::time_point now,
                                            forebay::time_point slot, forebay::permit& taken) noexcept = 0;
        virtual void settle(forebay::permit& taken, std::int64_t actual, forebay::time_point now) noexcept = 0;
        virtual void give_back(forebay::permit& taken, forebay::time_point now) noexcept = 0;
        virtual void undo(forebay::permit& taken, forebay::time_point now) noexcept = 0;
        virtual void batch_done(std::size_t size, forebay::duration service, bool failed,
                                forebay::time_point now) noexcept = 0;
    };
    template <class State>
    class limit_of final : public limit {
        using own_permit = forebay::permit_of<State>;
        static constexpr bool plain = std::is_same_v<own_permit, forebay::permit>;

    public:
        template <class Policy>
        explicit limit_of(const Policy& policy) : held_(policy.template build<forebay::single_threaded>()) {}

        forebay::verdict try_acquire(const forebay::request_info& info, forebay::time_point now,
                                     forebay::permit& taken) noexcept override {
            return take(taken, [&](own_permit& own) { return held_.try_acquire(info, now, own); });
        }
        forebay::verdict reserve(const forebay::request_info& info, forebay::time_point now, forebay::duration max_wait,
                                 forebay::permit& taken) noexcept override {
            if constexpr (forebay::reserves_slots<State>) {
                return take(taken, [&](own_permit& own) { return held_.reserve(info, now, max_wait, own); });
            } else {
                return try_acquire(info, now, taken);
            }
        }
        // What limits what is in flight takes at once, whatever the slot.
        forebay::verdict ask(const forebay::request_info& info, forebay::time_point now,
                             forebay::duration max_wait) noexcept override {
            if constexpr (forebay::reserves_at<State>) {
                return held_.ask(info, now, max_wait);
            } else {
                forebay::permit none;
                const forebay::verdict said = try_acquire(info, now, none);
                undo(none, now);
                return said;
            }
        }
        forebay::verdict reserve_at(const forebay::request_info& info, forebay::time_point now,
                                    forebay::time_point slot, forebay::permit& taken) noexcept override {
            if constexpr (forebay::reserves_at<State>) {
                return take(taken, [&](own_permit& own) { return held_.reserve_at(info, now, slot, own); });
            } else {
                const forebay::verdict said = try_acquire(info, now, taken);
                return said ? forebay::admitted(slot) : said;
            }
        }
        void settle(forebay::permit& taken, std::int64_t actual, forebay::time_point now) noexcept override {
            end(taken, [&](own_permit& own) { held_.settle(own, actual, now); });
        }
        void give_back(forebay::permit& taken, forebay::time_point now) noexcept override {
            end(taken, [&](own_permit& own) { held_.give_back(own, now); });
        }
        void undo(forebay::permit& taken, forebay::time_point now) noexcept override {
            end(taken, [&](own_permit& own) {
                if constexpr (requires { held_.undo(own, now); }) {
                    held_.undo(own, now);
                } else {
                    held_.give_back(own, now);
                }
            });
        }
        void batch_done(std::size_t size, forebay::duration service, bool failed,
                        forebay::time_point now) noexcept override {
            if constexpr (forebay::watches_batches<State>) held_.batch_done(size, service, failed, now);
        }

    private:
        // A permit of another type is kept here, and the plain one says where.
        template <class Take>
        forebay::verdict take(forebay::permit& taken, Take&& ask) noexcept {
            if constexpr (plain) {
                return ask(taken);
            } else {
                own_permit own{};
                const forebay::verdict said = ask(own);
                if (!said) return said;
                if (vacant_.empty()) {
                    vacant_.push_back(static_cast<std::uint32_t>(out_.size()));
                    out_.emplace_back();
                }
                taken.bucket = vacant_.back();
                taken.live = true;
                vacant_.pop_back();
                out_[taken.bucket] = own;
                return said;
            }
        }
        template <class End>
        void end(forebay::permit& taken, End&& how) noexcept {
            if constexpr (plain) {
                how(taken);
            } else {
                if (!taken.live) return;
                taken.live = false;
                how(out_[taken.bucket]);
                vacant_.push_back(taken.bucket);
            }
        }

        State held_;
        std::vector<own_permit> out_;
        std::vector<std::uint32_t> vacant_;
    };
    struct description {
        virtual ~description() = default;
        [[nodiscard]] virtual std::unique_ptr<limit> build() const = 0;
        [[nodiscard]] virtual bool reserves() const noexcept = 0;
    };
    template <class Policy>
    struct description_of final : description {
        using state = decltype(std::declval<const Policy&>().template build<forebay::single_threaded>());
        explicit description_of(Policy chosen) : policy{std::move(chosen)} {}
        [[nodiscard]] std::unique_ptr<limit> build() const override {
            return std::make_unique<limit_of<state>>(policy);
        }
        [[nodiscard]] bool reserves() const noexcept override { return forebay::reserves_slots<state>; }
        Policy policy;
    };

public:
    class state {
    public:
        explicit state(std::unique_ptr<limit> held) : held_{std::move(held)} {}
        [[nodiscard]] forebay::verdict try_acquire(const forebay::request_info& info, forebay::time_point now,
                                                   forebay::permit& taken) noexcept {
            return held_->try_acquire(info, now, taken);
        }
        [[nodiscard]] forebay::verdict reserve(const forebay::request_info& info, forebay::time_point now,
                                               forebay::duration max_wait, forebay::permit& taken) noexcept {
            return held_->reserve(info, now, max_wait, taken);
        }
        [[nodiscard]] forebay::verdict ask(const forebay::request_info& info, forebay::time_point now,
                                           forebay::duration max_wait) noexcept {
            return held_->ask(info, now, max_wait);
        }
        [[nodiscard]] forebay::verdict reserve_at(const forebay::request_info& info, forebay::time_point now,
                                                  forebay::time_point slot, forebay::permit& taken) noexcept {
            return held_->reserve_at(info, now, slot, taken);
        }
        void settle(forebay::permit& taken, std::int64_t actual, forebay::time_point now) noexcept {
            held_->settle(taken, actual, now);
        }
        void give_back(forebay::permit& taken, forebay::time_point now) noexcept { held_->give_back(taken, now); }
        void undo(forebay::permit& taken, forebay::time_point now) noexcept { held_->undo(taken, now); }
        void batch_done(std::size_t size, forebay::duration service, bool failed, forebay::time_point now) noexcept {
            held_->batch_done(size, service, failed, now);
        }

    private:
        std::unique_ptr<limit> held_;
    };

    template <class Policy>
    requires(!std::is_same_v<Policy, any_admission>) explicit any_admission(Policy policy)
        : policy_{std::make_shared<description_of<Policy>>(std::move(policy))} {}

    template <class Sync>
    [[nodiscard]] state build() const {
        return state{policy_->build()};
    }

    /// Whether it can promise slots. The state's `reserve` of one that cannot is try_acquire.
    [[nodiscard]] bool reserves() const noexcept { return policy_->reserves(); }

private:
    std::shared_ptr<const description> policy_;
};

/// Any order of at most 64 leaves: nested selectors become one, whose children stand in the order of the tree.
class any_order {
    struct tree {
        virtual ~tree() = default;
        virtual void validate() const = 0;
        [[nodiscard]] virtual bool first_come_first_served() const = 0;
        [[nodiscard]] virtual std::uint32_t width() const noexcept = 0;
        [[nodiscard]] virtual std::uint32_t child_of(const forebay::request_info& info) const noexcept = 0;
        [[nodiscard]] virtual std::uint64_t rank(const forebay::queued& request) const noexcept = 0;
    };
    template <class Order>
    struct tree_of final : tree {
        explicit tree_of(Order chosen) : order{std::move(chosen)} {}
        void validate() const override { validate(order); }
        [[nodiscard]] bool first_come_first_served() const override { return forebay::sim::promises_order(order); }
        [[nodiscard]] std::uint32_t width() const noexcept override { return width(order); }
        [[nodiscard]] std::uint32_t child_of(const forebay::request_info& info) const noexcept override {
            return child_of(order, info);
        }
        [[nodiscard]] std::uint64_t rank(const forebay::queued& request) const noexcept override {
            return rank(order, request);
        }

        template <class Node>
        static void validate(const Node& node) {
            if constexpr (requires { node.validate(); }) node.validate();
            if constexpr (forebay::selector<Node>) validate(node.child);
        }
        template <class Node>
        static std::uint32_t width(const Node& node) noexcept {
            if constexpr (forebay::selector<Node>) {
                return node.width() * width(node.child);
            } else {
                return 1;
            }
        }
        template <class Node>
        static std::uint32_t child_of(const Node& node, const forebay::request_info& info) noexcept {
            if constexpr (forebay::selector<Node>) {
                const std::uint32_t outer = node.child_of(info);
                const std::uint32_t inner = child_of(node.child, info);
                if (outer == forebay::no_child || inner == forebay::no_child) return forebay::no_child;
                return outer * width(node.child) + inner;
            } else {
                return 0;
            }
        }
        template <class Node>
        static std::uint64_t rank(const Node& node, const forebay::queued& request) noexcept {
            if constexpr (forebay::selector<Node>) {
                return rank(node.child, request);
            } else {
                return node.rank(request);
            }
        }
        Order order;
    };

public:
    struct any_leaf {
        std::shared_ptr<const tree> order;
        [[nodiscard]] std::uint64_t rank(const forebay::queued& request) const noexcept { return order->rank(request); }
    };
    any_leaf child;

    // A copy is none of these: asked first, since to ask whether it is a discipline would be to ask this again.
    template <class Order>
    requires(!std::is_same_v<Order, any_order> && forebay::discipline<Order>) explicit any_order(Order order)
        : child{std::make_shared<tree_of<Order>>(std::move(order))}, width_{child.order->width()} {}

    void validate() const { child.order->validate(); }
    [[nodiscard]] bool first_come_first_served() const { return child.order->first_come_first_served(); }
    [[nodiscard]] std::uint32_t width() const noexcept { return width_; }
    [[nodiscard]] std::uint32_t child_of(const forebay::request_info& info) const noexcept {
        return child.order->child_of(info);
    }

private:
    std::uint32_t width_;
};

/// Any batch policy.
class any_batching {
    struct rule {
        virtual ~rule() = default;
        virtual void validate() const = 0;
        [[nodiscard]] virtual bool work_conserving() const = 0;
        [[nodiscard]] virtual forebay::batch_plan plan(const forebay::waiting_group& group) const noexcept = 0;
    };
    template <class Policy>
    struct rule_of final : rule {
        explicit rule_of(Policy chosen) : policy{std::move(chosen)} {}
        void validate() const override {
            if constexpr (requires { policy.validate(); }) policy.validate();
        }
        [[nodiscard]] bool work_conserving() const override { return forebay::sim::promises_work(policy); }
        [[nodiscard]] forebay::batch_plan plan(const forebay::waiting_group& group) const noexcept override {
            return policy.plan(group);
        }
        Policy policy;
    };

public:
    std::size_t max_batch_size;

    template <class Policy>
    requires(!std::is_same_v<Policy, any_batching>) explicit any_batching(Policy policy)
        : max_batch_size{policy.max_batch_size}, rule_{std::make_shared<rule_of<Policy>>(std::move(policy))} {}

    void validate() const { rule_->validate(); }
    [[nodiscard]] bool work_conserving() const { return rule_->work_conserving(); }
    [[nodiscard]] forebay::batch_plan plan(const forebay::waiting_group& group) const noexcept {
        return rule_->plan(group);
    }

private:
    std::shared_ptr<const rule> rule_;
};

}  // namespace lab
