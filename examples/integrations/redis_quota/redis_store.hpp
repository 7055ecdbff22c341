// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <forebay/admission/quota_store.hpp>
#include <forebay/rate.hpp>

#include <chrono>
#include <cstdint>
#include <hiredis/hiredis.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

/// A quota_store in Redis: the bucket of bucket.lua, on the server's clock. Connects when it is asked, and again after a
/// failure; waits for no call longer than `patience`.
class redis_store {
public:
    struct settings {
        std::string host{"127.0.0.1"};
        int port{6379};
        std::string script;             ///< the text of bucket.lua
        std::int64_t per_second{1000};  ///< the quota that all hosts share [> 0]
        std::int64_t burst{100};        ///< [1 .. 9e9]
        forebay::duration lease_length{std::chrono::milliseconds{500}};
        std::chrono::milliseconds patience{200};
    };

    explicit redis_store(settings chosen) : of_{std::make_shared<state>(std::move(chosen))} {}

    std::optional<forebay::lease> ask(std::uint64_t key, std::int64_t amount, forebay::time_point now) {
        const auto granted = call(key, amount, 0);
        if (!granted) return std::nullopt;
        return forebay::lease{*granted, forebay::saturating_add(now, of_->chosen.lease_length)};
    }
    void give_back(std::uint64_t key, std::int64_t amount, forebay::time_point) {
        static_cast<void>(call(key, 0, amount));
    }

private:
    struct closed {
        void operator()(redisContext* context) const noexcept { redisFree(context); }
        void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
    };
    struct state {
        explicit state(settings from) : chosen{std::move(from)} {}
        settings chosen;
        std::unique_ptr<redisContext, closed> connection;
    };

    [[nodiscard]] bool connect() {
        if (of_->connection) return true;
        const auto micros = std::chrono::microseconds{of_->chosen.patience}.count();
        const timeval patience{static_cast<time_t>(micros / 1'000'000), static_cast<suseconds_t>(micros % 1'000'000)};
        of_->connection.reset(redisConnectWithTimeout(of_->chosen.host.c_str(), of_->chosen.port, patience));
        if (of_->connection && of_->connection->err == 0 &&
            redisSetTimeout(of_->connection.get(), patience) == REDIS_OK) {
            return true;
        }
        of_->connection.reset();
        return false;
    }

    /// The script goes along every time: asks are rare, and there is nothing to remember about the server.
    [[nodiscard]] std::optional<std::int64_t> call(std::uint64_t key, std::int64_t wanted, std::int64_t back) {
        if (!connect()) return std::nullopt;
        const std::string name = "quota:" + std::to_string(key);
        const std::unique_ptr<redisReply, closed> reply{static_cast<redisReply*>(
            redisCommand(of_->connection.get(), "EVAL %s 1 %s %s %s %s %s", of_->chosen.script.c_str(), name.c_str(),
                         std::to_string(of_->chosen.per_second).c_str(), std::to_string(of_->chosen.burst).c_str(),
                         std::to_string(wanted).c_str(), std::to_string(back).c_str()))};
        if (reply && reply->type == REDIS_REPLY_INTEGER) return reply->integer;
        // After an error a connection may hold half an answer: the next call makes a new one.
        of_->connection.reset();
        if (reply && reply->type == REDIS_REPLY_ERROR) throw std::runtime_error{reply->str};
        return std::nullopt;
    }

    std::shared_ptr<state> of_;
};

static_assert(forebay::quota_store<redis_store> && forebay::takes_back<redis_store>);
