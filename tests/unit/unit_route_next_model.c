/* R16 and R27 against a naive model: random companies, forwards and carriers, random failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "company_fixture.h"
#include "route_next.h"

enum {
	WORLDS = 60,
	FRIENDS = 6,
	CARRIERS = 4,
	CALLS = 40,
	STEPS_MAX = 40,
};

/* A world of which the model knows everything: friend i is called by extension 10i, takes 20i; carriers take every
 * number whose last digit they know. */
struct naive {
	struct forward forward[FRIENDS][4];
	uint32_t forward_count[FRIENDS];
	bool carrier_takes[CARRIERS][10];
	uint32_t carrier_priority[CARRIERS];
	uint32_t carrier_address_count[CARRIERS];

	/* Where the call is. */
	int friend;  /* -1: none */
	int carrier; /* -1: none */
	uint32_t address, digit, forwards;
	bool ended; /* refused */
};

static uint32_t next_random(uint32_t *random, uint32_t below)
{
	*random = *random * 1664525u + 1013904223u;
	return (*random >> 8) % below;
}

/* The carrier behind `carrier` in the order of R16 (names are in the order of indices); -1: none. */
static int naive_next_carrier(const struct naive *naive, int carrier)
{
	int best = -1;

	for (int i = 0; i < CARRIERS; i++) {
		uint32_t rank = naive->carrier_priority[i] * CARRIERS + (uint32_t)i;
		if (!naive->carrier_takes[i][naive->digit] ||
		    (carrier >= 0 && rank <= naive->carrier_priority[carrier] * CARRIERS + (uint32_t)carrier))
			continue;
		if (best < 0 || rank < naive->carrier_priority[best] * CARRIERS + (uint32_t)best)
			best = i;
	}
	return best;
}

static const struct forward *naive_forward(const struct naive *naive, enum forward_when when)
{
	const struct forward *found = NULL;

	for (uint32_t i = 0; i < naive->forward_count[naive->friend]; i++) {
		const struct forward *forward = &naive->forward[naive->friend][i];
		if (forward->when != when || forward->calls == FORWARD_CALLS_EXTERNAL)
			continue;
		if (!found || (when == FORWARD_NO_ANSWER && forward->after_s < found->after_s))
			found = forward;
	}
	return found;
}

static void naive_follow(struct naive *naive, const struct forward *forward)
{
	for (; forward; forward = naive->friend < 0 ? NULL : naive_forward(naive, FORWARD_ALWAYS)) {
		if (naive->forwards == 5) {
			naive->ended = true;
			return;
		}
		naive->forwards++;
		if (forward->to.target == ROUTE_EXTENSION) {
			naive->friend = forward->to.number.at[2] - '0';
			continue;
		}
		naive->friend = -1;
		naive->digit = (uint32_t)(forward->to.number.at[forward->to.number.length - 1] - '0');
		naive->carrier = naive_next_carrier(naive, -1);
		naive->address = 0;
		naive->ended = naive->carrier < 0;
	}
}

static bool naive_fail(struct naive *naive, enum route_failure failure)
{
	static const uint8_t when[] = {
		[ROUTE_FAILURE_UNREGISTERED] = FORWARD_UNREGISTERED,
		[ROUTE_FAILURE_BUSY] = FORWARD_BUSY,
		[ROUTE_FAILURE_NO_ANSWER] = FORWARD_NO_ANSWER,
		[ROUTE_FAILURE_UNREACHABLE] = FORWARD_UNREGISTERED,
	};

	if (naive->ended || failure == ROUTE_FAILURE_NONE)
		return false;
	if (naive->friend >= 0) {
		const struct forward *forward = naive_forward(naive, (enum forward_when)when[failure]);
		if (forward)
			naive_follow(naive, forward);
		return forward != NULL;
	}
	if (failure != ROUTE_FAILURE_UNREACHABLE)
		return false;
	if (naive->address + 1 < naive->carrier_address_count[naive->carrier]) {
		naive->address++;
		return true;
	}
	int next = naive_next_carrier(naive, naive->carrier);
	if (next < 0)
		return false;
	naive->carrier = next;
	naive->address = 0;
	return true;
}

static char friend_names[FRIENDS][8], extension_numbers[FRIENDS][8], friend_numbers[FRIENDS][8];
static char friend_patterns[FRIENDS][16], outside_numbers[10][16], carrier_names[CARRIERS][8];

static void make_texts(void)
{
	for (uint32_t i = 0; i < FRIENDS; i++) {
		snprintf(friend_names[i], sizeof(friend_names[i]), "f%u", i);
		snprintf(extension_numbers[i], sizeof(extension_numbers[i]), "10%u", i);
		snprintf(friend_numbers[i], sizeof(friend_numbers[i]), "20%u", i);
		snprintf(friend_patterns[i], sizeof(friend_patterns[i]), "^20%u$", i);
	}
	for (uint32_t i = 0; i < 10; i++)
		snprintf(outside_numbers[i], sizeof(outside_numbers[i]), "+3460000000%u", i);
	for (uint32_t i = 0; i < CARRIERS; i++)
		snprintf(carrier_names[i], sizeof(carrier_names[i]), "c%u", i);
}

static void make_friends(struct naive *naive, struct company_fixture *acme, uint32_t *random)
{
	for (uint32_t i = 0; i < FRIENDS; i++) {
		struct endpoint *friend = company_fixture_add_friend(acme, friend_names[i], 1);
		company_fixture_add_pattern(acme, friend, friend_patterns[i]);
		company_fixture_add_extension(acme, extension_numbers[i], fixture_route_friend(friend_numbers[i]));
		for (uint32_t k = next_random(random, 5); k > 0; k--) {
			struct forward forward = {
				.when = (uint8_t)(next_random(random, 6) == 0
							  ? FORWARD_ALWAYS
							  : FORWARD_UNREGISTERED + next_random(random, 3)),
				.calls = (uint8_t)next_random(random, 3),
				.to = next_random(random, 4)
					      ? fixture_route_extension(extension_numbers[next_random(random, FRIENDS)])
					      : fixture_route_number(outside_numbers[next_random(random, 10)]),
			};
			forward.after_s =
				forward.when == FORWARD_NO_ANSWER ? (uint16_t)(1 + next_random(random, 4)) : 0;
			company_fixture_add_forward(acme, friend, forward);
			naive->forward[i][naive->forward_count[i]++] = forward;
		}
	}
}

static void make_carriers(struct naive *naive, struct directory_fixture *fixture, uint32_t *random)
{
	static const char *const patterns[10] = {"0$", "1$", "2$", "3$", "4$", "5$", "6$", "7$", "8$", "9$"};

	for (uint32_t i = 0; i < CARRIERS; i++) {
		naive->carrier_priority[i] = next_random(random, 3);
		naive->carrier_address_count[i] = 1 + next_random(random, 3);
		struct carrier *carrier = directory_fixture_add_carrier(fixture, carrier_names[i],
									naive->carrier_priority[i], "192.0.2.1", NULL);
		for (uint32_t k = 1; k < naive->carrier_address_count[i]; k++)
			directory_fixture_add_carrier_address(carrier, "192.0.2.2");
		for (uint32_t digit = 0; digit < 10; digit++) {
			naive->carrier_takes[i][digit] = next_random(random, 2) || digit == i;
			if (naive->carrier_takes[i][digit])
				directory_fixture_add_carrier_pattern(fixture, carrier, patterns[digit]);
		}
	}
}

static void assert_as_the_model(const struct naive *naive, const struct route_decision *decision,
				const struct directory_fixture *fixture, const struct company_fixture *acme)
{
	assert_int_equal(decision->outcome == ROUTE_OUTCOME_REJECT, naive->ended);
	assert_int_equal(decision->forward_count, naive->forwards);
	if (naive->ended) {
		assert_int_equal(decision->reason, naive->friend < 0 ? REASON_NO_CARRIER : REASON_ROUTE_LOOP);
	} else if (naive->friend >= 0) {
		assert_ptr_equal(decision->target, &acme->endpoint[1 + naive->friend]);
		const struct forward *silent = naive_forward(naive, FORWARD_NO_ANSWER);
		assert_int_equal(decision->ring_s, silent ? silent->after_s : 0);
	} else {
		assert_ptr_equal(decision->carrier, &fixture->carrier[naive->carrier]);
		assert_int_equal(decision->carrier_address, naive->address);
	}
}

static void r16_r27_agree_with_a_naive_model(void **state)
{
	uint32_t random = 27, forwarded = 0, failed_over = 0, loops = 0;

	(void)state;
	make_texts();
	for (uint32_t round = 0; round < WORLDS; round++) {
		struct naive world = {0};
		struct directory_fixture *fixture = directory_fixture_create();
		struct company_fixture *acme = directory_fixture_add_company(fixture, "acme", "acme.test", "ES", "");
		struct endpoint *alice = company_fixture_add_user(acme, "alice", NULL);
		acme->company.outgoing_ddi = SPAN_LITERAL("+34944000000");
		make_friends(&world, acme, &random);
		make_carriers(&world, fixture, &random);
		directory_fixture_finish(fixture);
		struct route_request request = {.directory = &fixture->directory,
						.scratch = &fixture->scratch,
						.company = &acme->company,
						.caller = alice};
		for (uint32_t call = 0; call < CALLS; call++) {
			struct naive naive = world;
			struct route_decision decision;
			naive.friend = (int)next_random(&random, FRIENDS);
			request.number = span_of_text(extension_numbers[naive.friend]);
			route_decide(&decision, &request, NULL);
			naive_follow(&naive, naive_forward(&naive, FORWARD_ALWAYS));
			assert_as_the_model(&naive, &decision, fixture, acme);
			for (uint32_t step = 0; step < STEPS_MAX; step++) {
				enum route_failure failure = (enum route_failure)next_random(&random, 5);
				int carrier = naive.friend < 0 ? naive.carrier : -1;
				bool next = naive_fail(&naive, failure);
				assert_int_equal(route_next(&decision, &request, failure, NULL), next);
				assert_as_the_model(&naive, &decision, fixture, acme);
				failed_over += next && carrier >= 0 && carrier != naive.carrier;
			}
			forwarded += naive.forwards;
			loops += naive.ended && naive.friend >= 0;
		}
		directory_fixture_free(fixture);
	}
	/* It has seen what it is for. */
	assert_true(forwarded > WORLDS * CALLS && failed_over > WORLDS && loops > WORLDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r16_r27_agree_with_a_naive_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
