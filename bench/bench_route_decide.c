/*
 * bench_route_decide - what a whole decision and its presentation cost, by kind of call, in the directory of the
 * routing tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "bench_report.h"
#include "route_fixture.h"

#define RUNS	     9
#define ROUNDS	     100000
#define ROUNDS_SHORT 256

static struct bench_report report;

static void measure(struct route_fixture *world, const char *workload, enum route_outcome expected)
{
	uint32_t rounds = report.is_short ? ROUNDS_SHORT : ROUNDS, wrong = 0;
	double values[RUNS];

	for (uint32_t run = 0; run < RUNS; run++) {
		uint64_t start_ns = bench_report_cpu_ns();
		for (uint32_t round = 0; round < rounds; round++) {
			route_decide(&world->decision, &world->request, NULL);
			wrong += world->decision.outcome != expected;
			if (expected != ROUTE_OUTCOME_REJECT)
				wrong += !route_present(&world->presentation, &world->request, &world->decision);
		}
		values[run] = (double)(bench_report_cpu_ns() - start_ns) / rounds;
	}
	if (wrong) {
		fprintf(stderr, "bench_route_decide: %s: %u wrong decisions\n", workload, wrong);
		exit(1);
	}
	bench_report_row(&report, workload, "ns", bench_report_median(values, RUNS));
}

int main(int argc, char **argv)
{
	void *state = NULL;

	if (!bench_report_init(&report, "bench_route_decide", argc, argv))
		return 2;
	route_fixture_setup(&state);
	struct route_fixture *world = state;

	route_fixture_call(world, world->alice, "102");
	measure(world, "user to user", ROUTE_OUTCOME_USER);
	route_fixture_call(world, world->alice, "2003");
	measure(world, "user to friend, dialled number", ROUTE_OUTCOME_FRIEND);
	route_fixture_call(world, world->alice, "911234567");
	measure(world, "user to friend, E.164", ROUTE_OUTCOME_FRIEND);
	route_fixture_call(world, world->hq, "101");
	world->request.from_user = SPAN_LITERAL("2005");
	measure(world, "friend to user", ROUTE_OUTCOME_USER);
	route_fixture_call(world, world->alice, "600123123");
	measure(world, "user to carrier, call ACL", ROUTE_OUTCOME_EXTERNAL);
	route_fixture_call_from_outside(world, world->telco_a, "944000000");
	measure(world, "carrier to friend", ROUTE_OUTCOME_FRIEND);
	route_fixture_call_from_outside(world, world->telco_a, "944999999");
	measure(world, "carrier to unknown DDI", ROUTE_OUTCOME_REJECT);
	route_fixture_teardown(&state);
	return 0;
}
