// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include <forebay/observe/ledger.hpp>

#include <cstdint>
#include <vector>

namespace fb = forebay;

namespace {

constexpr fb::ending endings[] = {fb::ending::delivered, fb::ending::failed,  fb::ending::expired,
                                  fb::ending::cancelled, fb::ending::evicted, fb::ending::closed};

}  // namespace

TEST_CASE("a new ledger is balanced") {
    STATIC_REQUIRE(fb::ledger{}.balanced());
    STATIC_REQUIRE(fb::ledger{} == fb::ledger{});
}

TEST_CASE("each place a request can be in takes part in the balance") {
    using counter = std::uint64_t fb::ledger::*;
    for (const counter place :
         {&fb::ledger::waiting, &fb::ledger::queued, &fb::ledger::running, &fb::ledger::delivered, &fb::ledger::failed,
          &fb::ledger::expired, &fb::ledger::cancelled, &fb::ledger::evicted, &fb::ledger::closed}) {
        fb::ledger book;
        book.submitted = 5;
        CHECK(!book.balanced());
        book.*place = 5;
        CHECK(book.balanced());
        ++(book.*place);
        CHECK(!book.balanced());
    }
    fb::ledger book;
    book.submitted = 1;
    book.count(fb::limit::rate);
    CHECK(book.balanced());
}

TEST_CASE("totals must match what they are made of") {
    fb::ledger book;
    book.submitted = 1;
    book.refused = 1;
    CHECK(!book.balanced());
    book.refused_by[static_cast<std::size_t>(fb::limit::oversize)] = 1;
    CHECK(book.balanced());
    book.batches = 1;
    CHECK(!book.balanced());
    book.batches_by[static_cast<std::size_t>(fb::dispatch_cause::idle)] = 1;
    CHECK(book.balanced());
}

TEST_CASE("an ending counts where it belongs, and nowhere else") {
    for (const fb::ending how : endings) {
        fb::ledger book;
        book.count(how);
        book.count(how, 2);
        CHECK(book[how] == 3);
        CHECK(book.ended() == 3);
        for (const fb::ending other : endings) CHECK(book[other] == (other == how ? 3U : 0U));
    }
    fb::ledger book;
    book.count(fb::ending::evicted);
    CHECK(book.evicted == 1);
    book.count(fb::ending::closed);
    CHECK(book.closed == 1);
}

TEST_CASE("refusals count in total and by limit") {
    fb::ledger book;
    book.count(fb::limit::rate);
    book.count(fb::limit::rate);
    book.count(fb::limit::closed);
    CHECK(book.refused == 3);
    CHECK(book[fb::limit::rate] == 2);
    CHECK(book[fb::limit::closed] == 1);
    CHECK(book[fb::limit::concurrency] == 0);
}

TEST_CASE("batches count by cause, and their requests") {
    fb::ledger book;
    book.count(fb::dispatch_cause::full, 32);
    book.count(fb::dispatch_cause::preferred, 8);
    book.count(fb::dispatch_cause::full, 32);
    CHECK(book.batches == 3);
    CHECK(book.dispatched == 72);
    CHECK(book[fb::dispatch_cause::full] == 2);
    CHECK(book[fb::dispatch_cause::preferred] == 1);
    CHECK(book.balanced());
}

TEST_CASE("a snapshot does not follow the original") {
    fb::ledger book;
    book.submitted = 1;
    const fb::ledger snapshot = book;
    book.submitted = 2;
    CHECK(snapshot.submitted == 1);
    CHECK(!(snapshot == book));
}
