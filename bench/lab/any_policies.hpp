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
        virtual void settle(forebay::permit& taken, std::int64_t actual, forebay::time_point now) noexcept = 0;
        virtual void give_back(forebay::permit& taken, forebay::time_point now) noexcept = 0;
    };
    template <class State>
    struct limit_of final : limit {
        template <class Policy>
        explicit limit_of(const Policy& policy) : held(policy.template build<forebay::single_threaded>()) {}
        forebay::verdict try_acquire(const forebay::request_info& info, forebay::time_point now,
                                     forebay::permit& taken) noexcept override {
            return held.try_acquire(info, now, taken);
        }
        void settle(forebay::permit& taken, std::int64_t actual, forebay::time_point now) noexcept override {
            held.settle(taken, actual, now);
        }
        void give_back(forebay::permit& taken, forebay::time_point now) noexcept override {
            held.give_back(taken, now);
        }
        State held;
    };
    struct description {
        virtual ~description() = default;
        [[nodiscard]] virtual std::unique_ptr<limit> build() const = 0;
    };
    template <class Policy>
    struct description_of final : description {
        explicit description_of(Policy chosen) : policy{std::move(chosen)} {}
        [[nodiscard]] std::unique_ptr<limit> build() const override {
            using state = decltype(policy.template build<forebay::single_threaded>());
            return std::make_unique<limit_of<state>>(policy);
        }
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
        void settle(forebay::permit& taken, std::int64_t actual, forebay::time_point now) noexcept {
            held_->settle(taken, actual, now);
        }
        void give_back(forebay::permit& taken, forebay::time_point now) noexcept { held_->give_back(taken, now); }

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
