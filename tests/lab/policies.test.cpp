// Copyright (c) 2026 the forebay authors. SPDX-License-Identifier: Apache-2.0
#include "catch.hpp"
#include "program.hpp"

#include <string>

namespace {

auto near(double value) {
    return Approx(value).epsilon(1e-12);
}

/// What becomes of a trace under one policy, 10 ms a batch of any size.
nlohmann::json under(const std::string& spec, const std::string& rows, const std::string& more = "") {
    const test_folder folder;
    const std::string trace = folder.write("trace.csv", "arrival_us,tenant,class,deadline_us\n" + rows);
    return lab_json("run --service constant:10ms --trace " + trace + " --policy 'it=" + spec + "' " +
                    more)["policies"][0];
}

/// Four requests at 0, 1, 2 and 3 ms; the last is the most urgent.
const std::string four = "0,a,1,\n1000,a,1,\n2000,b,1,\n3000,b,0,\n";

}  // namespace

TEST_CASE("order says who is next") {
    CHECK(under("order:fifo", four)["classes"][0]["latency_s"]["mean"] == near(0.037));
    CHECK(under("order:strict", four)["classes"][0]["latency_s"]["mean"] == near(0.017));
    // Deadlines 100, 60, 80 ms for those that wait: the order becomes 2, 3, 1.
    const std::string due = "0,a,0,\n1000,x,0,100000\n1000,y,0,60000\n1000,z,0,80000\n";
    const nlohmann::json tenants = under("order:deadline", due)["tenants"];
    CHECK(tenants[1]["latency_s"]["max"] == near(0.039));
    CHECK(tenants[2]["latency_s"]["max"] == near(0.019));
    CHECK(tenants[3]["latency_s"]["max"] == near(0.029));
    const std::string classes = "0,a,0,\n1000,x,1,60000\n1000,y,0,100000\n";
    CHECK(under("order:strict-deadline", classes)["tenants"][2]["latency_s"]["max"] == near(0.019));
}

TEST_CASE("batch says how many run together at most, and takes what is queued") {
    CHECK(under("batch:1", four)["batches"] == 4);
    const nlohmann::json two = under("batch:2", four);
    CHECK(two["batches"] == 3);  // 1, 2, 1
    CHECK(two["batch_size"]["mean"] == near(4.0 / 3));
    CHECK(under("batch:8", four)["batches"] == 2);  // 1, 3
}

TEST_CASE("min-batch waits for so many, and what is left at the end is flushed") {
    const nlohmann::json run = under("batch:8,min-batch:3", four);
    CHECK(run["batches"] == 2);                              // 3 at 2 ms, 1 after the last arrival
    CHECK(run["queue_delay_s"]["mean"] == near(0.012 / 4));  // 2 1 0, and 9 behind the batch
    CHECK(run["completed"] == 4);
}

TEST_CASE("delay lets the oldest wait for company") {
    const nlohmann::json run = under("batch:8,delay:2ms", four);
    CHECK(run["batches"] == 2);  // 3 at 2 ms; 1 at 12 ms, when the executor is free
    CHECK(run["queue_delay_s"]["max"] == near(0.009));
    CHECK(under("batch:8,delay:20ms", four)["queue_delay_s"]["max"] == near(0.020));
    // The delay also releases what has not reached the minimum.
    CHECK(under("batch:8,min-batch:5,delay:4ms", four)["queue_delay_s"]["max"] == near(0.004));
}

TEST_CASE("limit refuses what finds its tenant's bucket empty") {
    const nlohmann::json run = under("limit:1000:1", "0,a,0,\n500,a,0,\n500,b,0,\n1000,a,0,\n");
    CHECK(run["refused"] == 1);
    CHECK(run["refused_by"]["rate"] == 1);
    CHECK(run["tenants"][0]["refused"] == 1);
    CHECK(under("limit:2000:1", "0,a,0,\n500,a,0,\n500,b,0,\n1000,a,0,\n")["refused"] == 0);
    CHECK(under("limit:0.001:2", "0,a,0,\n500,a,0,\n500,a,0,\n1000,a,0,\n")["refused"] == 2);
}

TEST_CASE("deadline expires what has not been handed to the model in time") {
    CHECK(under("deadline:17ms", four)["expired"] == 2);
    // At its deadline it is late: the third expires as the executor becomes free, which then takes the fourth.
    CHECK(under("deadline:18ms", four)["classes"][1]["expired"] == 1);
    CHECK(under("deadline:18ms", four)["classes"][0]["expired"] == 0);
    CHECK(under("deadline:18001us", four)["classes"][1]["expired"] == 0);
    CHECK(under("deadline:18001us", four)["classes"][0]["expired"] == 1);
    CHECK(under("deadline:1s", four)["expired"] == 0);
    CHECK(under("order:fifo", four, "--deadline 17ms")["expired"] == 2);
    CHECK(under("order:fifo", four, "--deadline 17ms --deadline 0:1s")["expired"] == 1);
}

TEST_CASE("capacity refuses what finds the queue full") {
    const nlohmann::json run = under("capacity:1", four);
    CHECK(run["refused"] == 2);
    CHECK(run["refused_by"]["queued_requests"] == 2);
    CHECK(under("capacity:2", four)["refused"] == 1);
    CHECK(under("order:fifo", four)["refused"] == 0);
}

TEST_CASE("executors, objectives and seeds are taken at their word") {
    CHECK(under("order:fifo", four, "--executors 4")["queue_delay_s"]["max"] == 0);
    CHECK(under("order:fifo", four, "--executors 2")["utilisation"] == near(0.04 / (2 * 0.021)));
    CHECK(under("order:fifo", four, "--slo 19ms")["slo_attainment"] == near(0.5));
    CHECK(under("order:fifo", four, "--slo 18ms")["slo_attainment"] == near(0.25));
    const nlohmann::json classes = under("order:fifo", four, "--slo 1:1s --slo 0:1ms")["classes"];
    CHECK(classes[0]["slo_attainment"] == 0);
    CHECK(classes[1]["slo_attainment"] == 1);
}
