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

TEST_CASE("cost-limit counts what requests cost") {
    const test_folder folder;
    const std::string trace =
        folder.write("trace.csv", "arrival_us,tenant,cost\n0,a,30\n0,a,30\n0,b,30\n0,b,50\n0,b,20\n");
    const auto run = [&](const std::string& spec) {
        return lab_json("run --service constant:10ms --trace " + trace + " --policy 'it=" + spec + "'")["policies"][0];
    };
    const nlohmann::json each = run("cost-limit:0.001:50");
    CHECK(each["tenants"][0]["refused"] == 1);
    CHECK(each["tenants"][1]["refused"] == 1);
    CHECK(run("all-cost-limit:0.001:110")["refused"] == 1);  // 30 30 30, not 50, 20
    CHECK(run("cost-limit:0.001:100,all-cost-limit:0.001:70")["completed"] == 2);
}

TEST_CASE("all-limit holds for all tenants together, and several limits for each request") {
    const std::string five = "0,a,0,\n0,a,0,\n0,a,0,\n0,b,0,\n0,c,0,\n";
    CHECK(under("all-limit:0.001:4", five)["tenants"][2]["refused"] == 1);
    const nlohmann::json both = under("limit:0.001:2,all-limit:0.001:3", five);
    CHECK(both["tenants"][0]["refused"] == 1);
    CHECK(both["tenants"][1]["refused"] == 0);
    CHECK(both["tenants"][2]["refused"] == 1);
    CHECK(under("limit:0.001:9,cost-limit:0.001:9,all-limit:0.001:9,all-cost-limit:0.001:9,in-flight:4,adaptive:aimd:3",
                five)["refused"] == 2);
}

TEST_CASE("in-flight and adaptive bound what waits and runs") {
    const nlohmann::json run = under("in-flight:2", four);
    CHECK(run["refused_by"]["concurrency"] == 2);
    CHECK(under("in-flight:4", four)["refused"] == 0);
    for (const char* rule : {"gradient2", "aimd", "vegas"}) {
        INFO(rule);
        CHECK(under("adaptive:" + std::string{rule} + ":1", four)["refused"] == 3);
        CHECK(under("adaptive:" + std::string{rule}, four)["refused"] == 0);
    }
    // It learns: 20 at first, one more with each good window.
    const std::string busy =
        "run --arrivals deterministic:1000 --requests 20000 --service constant:1s --executors 100 ";
    const nlohmann::json learned = lab_json(busy + "--policy it=adaptive:aimd:90,batch:1");
    const nlohmann::json fixed = lab_json(busy + "--policy it=in-flight:20,batch:1");
    CHECK(learned["policies"][0]["completed"] > fixed["policies"][0]["completed"]);
}

TEST_CASE("on-refusal lets requests wait for their slots") {
    const std::string three = "0,a,0,\n0,a,0,\n0,a,0,\n";
    const nlohmann::json waits = under("limit:100:1,on-refusal:delay:50ms", three);
    CHECK(waits["refused"] == 0);
    CHECK(waits["delayed"] == 2);
    CHECK(waits["delayed_s"] == near(0.030));
    CHECK(waits["latency_s"]["max"] == near(0.030));
    CHECK(under("limit:100:1,on-refusal:delay:10ms", three)["refused"] == 1);
    CHECK(under("limit:100:1,on-refusal:reject", three)["refused"] == 2);
    CHECK(under("all-limit:100:1,on-refusal:delay:10ms", "0,a,0,\n0,b,0,\n")["delayed"] == 1);
    CHECK(under("limit:100:1,all-limit:1000:5,in-flight:9,on-refusal:delay:50ms", three)["delayed"] == 2);
    CHECK(under("limit:100:1,all-limit:1000:5,in-flight:2,on-refusal:delay:50ms", three)["delayed"] == 1);
}

TEST_CASE("settle says when limits by cost are told what a request costs") {
    const test_folder folder;
    const auto run = [&](const std::string& rows, const std::string& spec) {
        const std::string trace = folder.write("trace.csv", "arrival_us,tenant,cost,actual_cost\n" + rows);
        return lab_json("run --service constant:10ms --trace " + trace + " --policy 'it=" + spec + "'")["policies"][0];
    };
    const std::string bucket = "cost-limit:0.001:100";
    // Stated as 60 each: together they do not fit.
    const std::string two = "0,a,60,60\n0,a,60,60\n";
    CHECK(run(two, bucket)["refused"] == 1);
    CHECK(run(two, bucket + ",settle:reserve")["refused"] == 1);
    CHECK(run(two, "settle:never," + bucket)["refused"] == 1);
    const nlohmann::json after = run(two, "settle:after," + bucket);
    CHECK(after["refused"] == 0);
    CHECK(after["tenants"][0]["cost"] == 120);
    CHECK(after["tenants"][0]["cost_beyond_quota"] == 20);
    CHECK(after["tenants"][0]["cost_in_worst_minute"] == 120);
    CHECK(after["cost_beyond_quota"] == 20);
    CHECK(after["quota"]["rate"] == near(0.001));
    CHECK(after["quota"]["burst"] == 100);
    CHECK(run(two, "order:fifo")["quota"].is_null());
    CHECK(run(two, "order:fifo")["tenants"][0]["cost_beyond_quota"].is_null());
    // Stated as 10 each, 60 in truth; the third comes when both have ended.
    const std::string more = "0,a,10,60\n0,a,10,60\n100000,a,10,60\n";
    CHECK(run(more, bucket)["refused"] == 1);
    CHECK(run(more, bucket + ",settle:after")["refused"] == 1);
    CHECK(run(more, bucket + ",settle:never")["refused"] == 0);
    CHECK(run(more, "all-" + bucket + ",settle:never")["refused"] == 0);
    // Stated as 90 each, 10 in truth.
    const std::string less = "0,a,90,10\n100000,a,90,10\n";
    CHECK(run(less, bucket)["refused"] == 0);
    CHECK(run(less, bucket + ",settle:never")["refused"] == 1);
    // Where nothing is said of the truth, it is what was stated.
    const std::string silent = "0,a,60,\n0,a,60,\n100000,a,60,\n";
    CHECK(run(silent, bucket + ",settle:after")["refused"] == 1);
}

TEST_CASE("estimate is what a request costs that does not say, and without it nobody knows") {
    const test_folder folder;
    const std::string trace = folder.write(
        "trace.csv",
        "arrival_us,tenant,cost,actual_cost\n0,a,unknown,40\n0,a,unknown,40\n0,a,unknown,40\n100000,a,unknown,5\n");
    const auto run = [&](const std::string& spec) {
        return lab_json("run --service constant:10ms --trace " + trace + " --policy 'it=" + spec + "'")["policies"][0];
    };
    CHECK(run("cost-limit:0.001:100")["refused_by"]["bad_cost"] == 4);
    CHECK(run("order:fifo,estimate:95")["refused"] == 0);
    CHECK(run("cost-limit:0.001:100,estimate:95:60")["refused_by"]["rate"] == 2);
    CHECK(run("cost-limit:0.001:100,estimate:95:30")["refused"] == 1);  // 90 at the door, 120 in truth
    CHECK(run("cost-limit:0.001:100,estimate:95:30,settle:never")["refused"] == 1);
    CHECK(run("cost-limit:0.001:100,estimate:95:25:25,settle:never")["refused"] == 0);
    CHECK(run("cost-limit:0.001:100,settle:after")["refused"] == 1);
}

TEST_CASE("A quota that is watched is told of every policy, in the table and in the CSV too") {
    const test_folder folder;
    const std::string words =
        "run --arrivals poisson:100 --until 100s --cost constant:1 --actual uniform:1:100 --service constant:1ms "
        "--quota "
        "1000:2000 --policy a=order:fifo --policy b=cost-limit:10:20 ";
    const nlohmann::json both = lab_json(words + "--csv " + folder.path("runs.csv"));
    CHECK(both["config"]["quota"] == "1000:2000");
    const nlohmann::json& free = both["policies"][0];
    const nlohmann::json& bound = both["policies"][1];
    CHECK(free["cost_beyond_quota"].get<double>() == Approx(4050 * 100 - 2000).epsilon(0.05));
    CHECK(bound["cost_beyond_quota"] == 0);
    CHECK(bound["quota"]["burst"] == 2000);
    CHECK(bound["cost_in_worst_minute"] > 60 * 10);
    const std::string csv = folder.read("runs.csv");
    CHECK(csv.find(",cost,cost_in_worst_minute,cost_beyond_quota\n") != std::string::npos);
    CHECK(csv.find(',' + free["cost"].dump() + ',' + free["cost_in_worst_minute"].dump() + ',' +
                   free["cost_beyond_quota"].dump() + '\n') != std::string::npos);
    CHECK(lab(words).out.find("beyond quota") != std::string::npos);
}

TEST_CASE("aimd is told what is too long") {
    const std::string busy = "run --arrivals deterministic:1000 --requests 5000 --service constant:1s --executors 100 ";
    const nlohmann::json usual = lab_json(busy + "--policy it=adaptive:aimd:90,batch:1");
    const nlohmann::json strict = lab_json(busy + "--policy it=adaptive:aimd:90:500ms,batch:1");
    CHECK(strict["policies"][0]["completed"] < usual["policies"][0]["completed"]);
}
