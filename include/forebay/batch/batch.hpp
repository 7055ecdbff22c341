// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/permit.hpp>
#include <forebay/contract.hpp>
#include <forebay/observe/observer.hpp>
#include <forebay/outcome.hpp>
#include <forebay/queue/discipline.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace forebay::inline v0 {

template <class Request, class Result>
class batch;

namespace detail {

/// One batch in the scheduler's hands: its payloads side by side, and who they belong to. Reused for later batches.
template <class Request>
struct batch_record {
    struct member {
        const queued* about;  // stays valid while the batch is out
        std::int64_t actual_cost;
        bool ended_early;  // before its batch; guarded by the scheduler's lock, and settled once all have ended
    };
    struct alignas(Request) storage {
        std::byte raw[sizeof(Request)];
    };

    explicit batch_record(std::size_t most)
        : members{std::make_unique_for_overwrite<member[]>(most)},
          payloads{std::make_unique_for_overwrite<storage[]>(most)} {}
    batch_record(const batch_record&) = delete;
    batch_record& operator=(const batch_record&) = delete;
    ~batch_record() { destroy_payloads(); }

    [[nodiscard]] member* begin() noexcept { return members.get(); }
    [[nodiscard]] member* end() noexcept { return members.get() + size; }
    [[nodiscard]] Request* data() noexcept { return std::launder(reinterpret_cast<Request*>(payloads.get())); }
    /// Where its next member goes, while it is filled: `put` one after the other, then `filled`.
    struct place {
        member* to;
        storage* payload;
        std::uint32_t index{0};

        void put(const queued& about, Request&& request) noexcept {
            std::construct_at(reinterpret_cast<Request*>(payload++), std::move(request));
            *to++ = {&about, as_charged, false};
            ++index;
        }
    };
    [[nodiscard]] place first_place() noexcept { return {members.get(), payloads.get()}; }
    void filled(const place& up_to) noexcept { payloads_alive = running = size = up_to.index; }
    [[nodiscard]] bool has_ended(const member& one) const noexcept { return running == 0 || one.ended_early; }
    void destroy_payloads() noexcept { std::destroy_n(data(), std::exchange(payloads_alive, 0)); }

    std::unique_ptr<member[]> members;
    std::unique_ptr<storage[]> payloads;
    std::size_t size{0};
    std::size_t running{0};  // members that have not ended; guarded by the scheduler's lock
    std::size_t payloads_alive{0};
    time_point dispatched{};
    dispatch_cause cause{dispatch_cause::idle};
    bool occupies_executor{false};  // this and the next two are guarded by the scheduler's lock
    void* callback{nullptr};        // who runs the inference callback it was handed to
    bool thrown{false};             // dropped by an exception out of that
    batch_record* before{nullptr};  // this and the next: its neighbours among those that are out, see batches_out
    batch_record* after{nullptr};
};

/// What a batch needs of the scheduler it came from.
template <class Request, class Result>
class batch_home {
public:
    using record = batch_record<Request>;

    /// Ends the members that have not ended, all of them as `how`. `next(state)` is called once for each member, in order,
    /// without a lock, and gives its outcome; those of members that ended before are dropped.
    virtual void end_each(record&, ending how, outcome<Result> (*next)(void* state), void* state) noexcept = 0;
    virtual void end_one(record&, std::size_t index, outcome<Result>&&) noexcept = 0;
    /// Whether the batch is being dropped because its inference callback, on this thread, throws: it is then left for
    /// whoever called that.
    [[nodiscard]] virtual bool unwinds(record&) noexcept = 0;
    virtual void settle(record&, std::size_t index, std::int64_t actual_cost) noexcept = 0;
    [[nodiscard]] virtual bool has_ended(const record&, std::size_t index) noexcept = 0;
    /// Takes the record back. Every member has ended.
    virtual void recycle(record&) noexcept = 0;

protected:
    ~batch_home() = default;
};

/// The one door through which the scheduler makes batches.
struct batch_maker {
    template <class Request, class Result>
    [[nodiscard]] static batch<Request, Result> make(std::shared_ptr<batch_home<Request, Result>> home,
                                                     batch_record<Request>& record) noexcept {
        return {std::move(home), &record};
    }
};

}  // namespace detail

/// A range of results: it knows its size, and its elements can be moved into a Result or an outcome<Result>.
template <class Results, class Result>
concept results_for = requires(Results& results) {
    { std::size(results) } -> std::convertible_to<std::size_t>;
    requires std::convertible_to<decltype(std::move(*std::begin(results))), Result> ||
        std::convertible_to<decltype(std::move(*std::begin(results))), outcome<Result>>;
};

/// A batch for the host to run and complete, at once or later from any thread. Move-only.
///
/// Whoever holds it owes every member an outcome; members that have none when it is destroyed fail with
/// `failure::not_completed`. A batch that outlives its scheduler is inert: its members have ended, what it is told is
/// dropped.
///
/// threads  one thread at a time; different batches are independent
template <class Request, class Result>
class batch {
    using home_type = detail::batch_home<Request, Result>;
    using record_type = detail::batch_record<Request>;

public:
    /// One request of a batch.
    class member {
    public:
        [[nodiscard]] Request& request() const noexcept { return of_->record_->data()[index_]; }
        [[nodiscard]] const request_info& info() const noexcept { return about().info; }
        [[nodiscard]] time_point arrival() const noexcept { return about().arrival; }
        /// Whether nobody waits any more: it was cancelled, or already answered. Ask before costly work. Takes the
        /// scheduler's lock.
        [[nodiscard]] bool cancelled() const noexcept { return of_->home_->has_ended(*of_->record_, index_); }

        /// Answers this request now. If it ended before, nothing happens.
        void succeed(Result result) const noexcept { end(outcome<Result>{std::move(result)}); }
        /// Ends this request as failed, now. If it ended before, nothing happens.
        void fail(std::exception_ptr error = nullptr) const noexcept {
            end(outcome<Result>{failure::exception, std::move(error)});
        }
        /// Says what the request really cost, for admission to settle when it ends. The last call counts.
        /// actual_cost  in the unit of request_info::cost; negative counts as 0
        void settle(std::int64_t actual_cost) const noexcept { of_->home_->settle(*of_->record_, index_, actual_cost); }

    private:
        friend batch;
        member(batch* of, std::size_t index) noexcept : of_{of}, index_{index} {}
        [[nodiscard]] const queued& about() const noexcept { return *of_->record_->members[index_].about; }
        void end(outcome<Result>&& how) const noexcept { of_->home_->end_one(*of_->record_, index_, std::move(how)); }

        batch* of_;
        std::size_t index_;
    };

    batch(batch&& other) noexcept : home_{std::move(other.home_)}, record_{std::exchange(other.record_, nullptr)} {}
    batch& operator=(batch&& other) noexcept {
        if (this != &other) {
            drop();
            home_ = std::move(other.home_);
            record_ = std::exchange(other.record_, nullptr);
        }
        return *this;
    }
    ~batch() { drop(); }

    /// Members. 0 once the batch was completed, failed or moved from.
    [[nodiscard]] std::size_t size() const noexcept { return record_ == nullptr ? 0 : record_->size; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] member operator[](std::size_t index) noexcept {
        FOREBAY_EXPECTS(index < size(), "index below size()");
        return member{this, index};
    }
    /// The payloads side by side, best first, to hand to a model as they are.
    [[nodiscard]] std::span<Request> requests() noexcept {
        return record_ == nullptr ? std::span<Request>{} : std::span<Request>{record_->data(), size()};
    }
    /// Why it left when it did. Only of a batch that is not empty.
    [[nodiscard]] dispatch_cause cause() const noexcept { return record_->cause; }
    /// When it left. Only of a batch that is not empty.
    [[nodiscard]] time_point dispatched() const noexcept { return record_->dispatched; }

    /// Answers every member: the i-th element of `results` (a Result, or an outcome<Result>) is moved to the i-th member,
    /// also out of a range that the host keeps. With more or fewer elements than members, all members fail with
    /// `failure::wrong_count`: nothing is ever shifted to a neighbour. Afterwards the batch is empty.
    template <class Results>
    requires results_for<std::remove_reference_t<Results>, Result>
    void complete(Results&& results) noexcept {
        if (record_ == nullptr) return;
        batch mine{std::move(*this)};  // a sink may complete, drop or destroy this very handle
        try {
            if (static_cast<std::size_t>(std::size(results)) != mine.size()) {
                return mine.fail(failure::wrong_count, nullptr);
            }
            auto at = std::begin(results);
            if constexpr (std::is_convertible_v<decltype(std::move(*at)), Result>) {
                const auto next = [](void* state) -> outcome<Result> {
                    auto& element = *static_cast<decltype(at)*>(state);
                    return static_cast<Result>(std::move(*element++));  // past it even if taking it throws
                };
                mine.end_all(ending::delivered, next, &at);
            } else {
                for (std::size_t i = 0; i < mine.size(); ++i, ++at) {
                    mine.home_->end_one(*mine.record_, i, std::move(*at));
                }
            }
        } catch (...) {
            mine.fail(std::current_exception());
        }
    }
    /// Fails every member that has not ended. Afterwards the batch is empty.
    void fail(std::exception_ptr error = nullptr) noexcept { fail(failure::exception, std::move(error)); }

private:
    friend detail::batch_maker;

    batch(std::shared_ptr<home_type> home, record_type* record) noexcept : home_{std::move(home)}, record_{record} {}

    void fail(failure why, std::exception_ptr error) noexcept {
        if (record_ == nullptr) return;
        outcome<Result> said{why, std::move(error)};
        const auto repeat = [](void* state) {
            const auto& all = *static_cast<const outcome<Result>*>(state);
            return outcome<Result>{all.why(), all.error()};
        };
        end_all(ending::failed, repeat, &said);
    }
    void end_all(ending how, outcome<Result> (*next)(void*), void* state) noexcept {
        // Taken out first: a sink may complete, drop or destroy this very handle.
        const std::shared_ptr<home_type> home = std::move(home_);
        record_type& of = *std::exchange(record_, nullptr);
        home->end_each(of, how, next, state);
        home->recycle(of);
    }
    void drop() noexcept {
        if (record_ != nullptr && std::uncaught_exceptions() > 0 && home_->unwinds(*record_)) {
            record_ = nullptr;
            home_.reset();
        }
        fail(failure::not_completed, nullptr);
    }

    std::shared_ptr<home_type> home_;
    record_type* record_;
};

}  // namespace forebay::inline v0
