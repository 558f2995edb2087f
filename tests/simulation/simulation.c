/*
 * simulation - random sequences of messages, losses and time against the model of RFC 3261's state machines: every
 * output of a real router is compared with the model's, to the tick.
 *
 *   simulation [--count SEQUENCES] [--steps STEPS] [--seed SEED]
 *
 * A sequence is made by its seed alone; a difference prints what has happened and the seed. --seed runs that one only.
 * A message is lost by not being acted upon: the peers are random.
 */
#include "simulation.h"

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "must.h"
#include "reason.h"
#include "transaction_table.h"
#include "worker.h"

/* The longest duration of a call: longer than most sequences last, short enough to wait for. */
#define CALL_TICKS_MAX 60000

#define STEPS_THAT_REACH_ALL 10000

static struct {
	uint64_t seed; /* 0: from 1 on */
	uint32_t count, steps;
} options = {.count = 400, .steps = 100};

static struct simulation simulation;
static struct reference reference;
static struct simulation_tally tally;
static uint32_t one_worker = 1, three_workers = 3;

/* Bob has one to three bindings, of one q or of several. */
static void choose_bindings(void)
{
	static const uint32_t qs[][PEER_BINDING_COUNT] = {{1000, 0, 0},	   {1000, 1000, 0},  {1000, 500, 0},
							  {700, 700, 700}, {1000, 500, 500}, {1000, 1000, 300},
							  {1000, 700, 100}};
	const uint32_t *q = qs[random_source_below(&simulation.random, sizeof(qs) / sizeof(qs[0]))];

	simulation.user = (struct reference_target){0};
	for (uint32_t i = 0; i < PEER_BINDING_COUNT; i++) {
		peer_register(simulation.pipeline, i, q[i]);
		if (q[i] == 0)
			continue;
		simulation.user.peer[simulation.user.count] = PEER_BINDING + i;
		simulation.user.q[simulation.user.count++] = q[i];
	}
}

static void forget_texts(void)
{
	for (uint32_t i = 0; i < REFERENCE_REQUESTS_MAX; i++)
		free(simulation.request[i].stored);
	for (uint32_t i = 0; i < REFERENCE_CLIENTS_MAX; i++)
		for (uint32_t method = 0; method <= REFERENCE_MESSAGE; method++)
			free(simulation.client[i].sent[method]);
}

/* What the model says has ended has ended in the router too; calls that nobody has hung up end by their duration. */
static void check_nothing_is_left(void)
{
	uint32_t worker_count = pipeline_dataplane(simulation.pipeline)->worker_count;

	for (uint32_t i = 0; i < worker_count; i++) {
		const struct worker *worker = pipeline_worker(simulation.pipeline, i);
		if (worker->transactions.used_count != 0)
			simulation_fail(&simulation, "a transaction is left");
		if (worker->calls.used_count != worker->calls.state_count[CALL_ANSWERED])
			simulation_fail(&simulation, "a call is left that was not answered");
	}
	simulation_wait(&simulation, CALL_TICKS_MAX + 1);
	for (uint32_t i = 0; i < worker_count; i++) {
		const struct worker *worker = pipeline_worker(simulation.pipeline, i);
		if (worker->calls.used_count != 0 || worker->wheel.count != 0)
			simulation_fail(&simulation, "a call or a timer is left");
	}
	pipeline_check_identity(simulation.pipeline);
}

static void run_sequence(uint64_t seed, uint32_t call_base)
{
	struct pipeline *pipeline = simulation.pipeline;

	memset(&simulation, 0, sizeof(simulation));
	simulation.pipeline = pipeline;
	simulation.reference = &reference;
	simulation.random = random_source_of(seed);
	simulation.tally = &tally;
	simulation.log = tmpfile();
	must(simulation.log);
	simulation.seed = seed;
	simulation.call_base = call_base;
	simulation_new_tag(&simulation, REFERENCE_NONE); /* 0 is none */
	reference_init(&reference, 0);
	choose_bindings();
	for (simulation.step = 1; simulation.step <= options.steps; simulation.step++)
		simulation_act(&simulation);
	simulation.step = options.steps;
	simulation_let_end(&simulation);
	check_nothing_is_left();
	for (uint32_t i = 0; i < TIMER_COUNT; i++)
		tally.fired[i] += reference.fired[i];
	tally.sequences++;
	tally.steps += options.steps;
	fclose(simulation.log);
	forget_texts();
}

static void print_tally(void)
{
	printf("%llu sequences, %llu steps, %llu s: %llu messages compared, %llu of them repeated\n",
	       (unsigned long long)tally.sequences, (unsigned long long)tally.steps,
	       (unsigned long long)tally.ticks / 100, (unsigned long long)tally.outputs,
	       (unsigned long long)tally.repeated);
	for (uint32_t i = 0; i <= REFERENCE_MESSAGE; i++)
		printf("  %s %llu", peer_method_name((enum reference_method)i), (unsigned long long)tally.requests[i]);
	for (uint32_t i = 1; i <= 6; i++)
		printf("  %uxx %llu", i, (unsigned long long)tally.responses[i]);
	printf("\n");
}

/* Sequences that reach little would prove little. */
static void check_all_was_reached(void)
{
	static const enum reason reasons[] = {
		REASON_FORWARDED_REQUEST,	REASON_FORWARDED_IN_DIALOG,	REASON_FORWARDED_RESPONSE,
		REASON_RETRANSMISSION_ANSWERED, REASON_RETRANSMISSION_ABSORBED, REASON_ACK_CONFIRMED,
		REASON_PROVISIONAL_ABSORBED,	REASON_RESPONSE_COLLECTED,	REASON_RESPONSE_ABSORBED,
		REASON_RESPONSE_STALE,		REASON_RESPONSE_FORGED,		REASON_CANCEL_ANSWERED,
		REASON_CANCEL_CONFIRMED,	REASON_UNKNOWN_TRANSACTION,	REASON_MERGED_REQUEST,
		REASON_UNREACHABLE_REPORTED,
	};

	if (tally.sequences * options.steps < STEPS_THAT_REACH_ALL)
		return;
	for (uint32_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (pipeline_reason(simulation.pipeline, reasons[i]) == 0)
			fail_msg("no packet ended as %s", reason_rows[reasons[i]].name);
	for (uint32_t i = 0; i < TIMER_COUNT; i++)
		if (tally.fired[i] == 0)
			fail_msg("timer %u of reference.h has not fired", i);
}

static int start(void **state)
{
	simulation.pipeline = pipeline_start(*(const uint32_t *)*state, simulation_provisioning);
	for (uint32_t i = 0; i < *(const uint32_t *)*state; i++)
		pipeline_worker(simulation.pipeline, i)->call_ticks_max = CALL_TICKS_MAX;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	pipeline_stop(simulation.pipeline);
	return 0;
}

static void router_does_what_the_model_does(void **state)
{
	(void)state;
	memset(&tally, 0, sizeof(tally));
	for (uint32_t i = 0; i < options.count; i++)
		run_sequence(options.seed ? options.seed : i + 1, i * SIMULATION_CALLS_MAX);
	print_tally();
	check_all_was_reached();
}

static bool read_options(int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		uint64_t value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;
		if (value == 0)
			return false;
		if (strcmp(argv[i], "--seed") == 0)
			options.seed = value;
		else if (strcmp(argv[i], "--count") == 0)
			options.count = (uint32_t)value;
		else if (strcmp(argv[i], "--steps") == 0)
			options.steps = (uint32_t)value;
		else
			return false;
	}
	if (options.seed)
		options.count = 1;
	return true;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		{"router_does_what_the_model_does", router_does_what_the_model_does, start, stop, &one_worker},
		{"router_does_what_the_model_does (3 workers)", router_does_what_the_model_does, start, stop,
		 &three_workers},
	};
	if (!read_options(argc, argv)) {
		fprintf(stderr, "simulation [--count SEQUENCES] [--steps STEPS] [--seed SEED]\n");
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
