/* What is tried when a target failed (R16, R27, R28), on the company of route_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "route_fixture.h"
#include "route_next.h"

static void assert_text(struct span text, const char *expected)
{
	if (!span_equals(text, span_of_text(expected)))
		fail_msg("\"" SPAN_FORMAT "\" instead of \"%s\"", SPAN_ARGUMENTS(text), expected);
}

static void assert_number(const struct number *number, const char *expected)
{
	assert_text(number_text(number), expected);
}

static void forward(struct route_fixture *world, const struct endpoint *friend, enum forward_when when,
		    enum forward_calls calls, struct route to)
{
	company_fixture_add_forward(world->acme, friend,
				    (struct forward){.when = (uint8_t)when,
						     .calls = (uint8_t)calls,
						     .after_s = when == FORWARD_NO_ANSWER ? 20 : 0,
						     .to = to});
}

static void forward_after(struct route_fixture *world, const struct endpoint *friend, uint16_t after_s,
			  enum forward_calls calls, struct route to)
{
	company_fixture_add_forward(
		world->acme, friend,
		(struct forward){.when = FORWARD_NO_ANSWER, .calls = (uint8_t)calls, .after_s = after_s, .to = to});
}

/* Result: is there a next one? A trace changes nothing; without a next one nothing changes. */
static bool target_fails(struct route_fixture *world, enum route_failure failure)
{
	struct route_decision before = world->decision, explained = world->decision;
	bool next = route_next(&world->decision, &world->request, failure, NULL);

	assert_int_equal(route_next(&explained, &world->request, failure, &world->trace), next);
	assert_int_equal(explained.outcome, world->decision.outcome);
	assert_int_equal(explained.reason, world->decision.reason);
	assert_ptr_equal(explained.target, world->decision.target);
	assert_ptr_equal(explained.carrier, world->decision.carrier);
	assert_string_equal(explained.rule, world->decision.rule);
	if (!next)
		assert_memory_equal(&before, &world->decision, sizeof(before));
	return next;
}

static void assert_friend(const struct route_fixture *world, const struct endpoint *target, const char *matched)
{
	assert_int_equal(world->decision.reason, REASON_NONE);
	assert_int_equal(world->decision.outcome, ROUTE_OUTCOME_FRIEND);
	assert_ptr_equal(world->decision.target, target);
	assert_number(&world->decision.matched, matched);
}

static void assert_user(const struct route_fixture *world, const struct endpoint *target, const char *rule)
{
	assert_int_equal(world->decision.reason, REASON_NONE);
	assert_int_equal(world->decision.outcome, ROUTE_OUTCOME_USER);
	assert_ptr_equal(world->decision.target, target);
	assert_string_equal(world->decision.rule, rule);
}

static void assert_external(const struct route_fixture *world, const struct carrier *carrier, uint8_t address,
			    const char *e164, const char *presented)
{
	assert_int_equal(world->decision.reason, REASON_NONE);
	assert_int_equal(world->decision.outcome, ROUTE_OUTCOME_EXTERNAL);
	assert_ptr_equal(world->decision.carrier, carrier);
	assert_int_equal(world->decision.carrier_address, address);
	assert_number(&world->decision.e164, e164);
	assert_number(&world->decision.presented, presented);
}

static void assert_rejected(const struct route_fixture *world, enum reason reason)
{
	assert_int_equal(world->decision.outcome, ROUTE_OUTCOME_REJECT);
	assert_int_equal(world->decision.reason, reason);
	assert_string_equal(world->decision.rule, reason_rows[reason].source);
}

/* ---- classes of failures ---- */

struct class_row {
	uint16_t status;
	enum route_failure friend, carrier;
};

static void r28_class_of_a_failure(void **state)
{
	static const struct class_row rows[] = {
		{100, ROUTE_FAILURE_NONE, ROUTE_FAILURE_NONE},
		{183, ROUTE_FAILURE_NONE, ROUTE_FAILURE_NONE},
		{200, ROUTE_FAILURE_NONE, ROUTE_FAILURE_NONE},
		{299, ROUTE_FAILURE_NONE, ROUTE_FAILURE_NONE},
		{302, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{400, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{401, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{403, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{404, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{407, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{408, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_UNREACHABLE},
		{410, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{480, ROUTE_FAILURE_NO_ANSWER, ROUTE_FAILURE_NONE},
		{484, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{486, ROUTE_FAILURE_BUSY, ROUTE_FAILURE_NONE},
		{488, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{499, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{500, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_UNREACHABLE},
		{503, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_UNREACHABLE},
		{599, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_UNREACHABLE},
		{600, ROUTE_FAILURE_BUSY, ROUTE_FAILURE_NONE},
		{603, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
		{606, ROUTE_FAILURE_UNREACHABLE, ROUTE_FAILURE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(route_next_classify(ROUTE_OUTCOME_FRIEND, rows[i].status), rows[i].friend);
		assert_int_equal(route_next_classify(ROUTE_OUTCOME_EXTERNAL, rows[i].status), rows[i].carrier);
		assert_int_equal(route_next_classify(ROUTE_OUTCOME_USER, rows[i].status), ROUTE_FAILURE_NONE);
	}
}

/* ---- forwards ---- */

static void r27_each_failure_has_its_forward(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("101"));
	forward(world, world->hq, FORWARD_NO_ANSWER, FORWARD_CALLS_BOTH, fixture_route_extension("102"));
	forward(world, world->hq, FORWARD_UNREGISTERED, FORWARD_CALLS_BOTH, fixture_route_extension("2002"));
	route_fixture_call(world, world->carol, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_user(world, world->alice, "R27");
	assert_number(&world->decision.matched, "101");
	assert_int_equal(world->decision.forward_count, 1);
	route_fixture_call(world, world->carol, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_NO_ANSWER));
	assert_user(world, world->bob, "R27");
	/* R28: not registered is one way not to be reached. */
	route_fixture_call(world, world->carol, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_UNREGISTERED));
	assert_user(world, world->alice, "R27");
	route_fixture_call(world, world->carol, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
	assert_user(world, world->alice, "R27");
	route_fixture_call(world, world->carol, "2003");
	assert_false(target_fails(world, ROUTE_FAILURE_NONE));
}

static void r28_without_a_forward_nothing_is_next(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("101"));
	route_fixture_call(world, world->bob, "2003");
	assert_false(target_fails(world, ROUTE_FAILURE_NO_ANSWER));
	assert_false(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
	assert_false(target_fails(world, ROUTE_FAILURE_UNREGISTERED));
	route_fixture_call(world, world->bob, "101"); /* a user */
	for (uint32_t i = ROUTE_FAILURE_NONE; i <= ROUTE_FAILURE_UNREACHABLE; i++)
		assert_false(target_fails(world, (enum route_failure)i));
	route_fixture_call(world, world->bob, "199"); /* refused */
	for (uint32_t i = ROUTE_FAILURE_NONE; i <= ROUTE_FAILURE_UNREACHABLE; i++)
		assert_false(target_fails(world, (enum route_failure)i));
}

static void r27_first_that_fits_the_call(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_EXTERNAL, fixture_route_extension("101"));
	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_INTERNAL, fixture_route_extension("102"));
	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("2002"));
	forward(world, world->hq, FORWARD_UNREGISTERED, FORWARD_CALLS_BOTH, fixture_route_extension("102"));
	forward(world, world->hq, FORWARD_UNREGISTERED, FORWARD_CALLS_INTERNAL, fixture_route_extension("101"));
	route_fixture_call(world, world->carol, "2003"); /* of a user */
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_user(world, world->bob, "R27");
	route_fixture_call(world, world->branch, "2003"); /* of a friend */
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_user(world, world->bob, "R27");
	route_fixture_call(world, world->carol, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
	assert_user(world, world->bob, "R27");
	route_fixture_call_from_outside(world, world->telco_a, "944000000"); /* through a DDI */
	assert_friend(world, world->hq, "2000");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_user(world, world->alice, "R27");
}

static void r27_a_call_through_our_own_ddi_is_external(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_INTERNAL, fixture_route_extension("102"));
	route_fixture_call(world, world->alice, "944000000");
	assert_friend(world, world->hq, "2000");
	assert_false(target_fails(world, ROUTE_FAILURE_BUSY));
	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_EXTERNAL, fixture_route_extension("102"));
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_user(world, world->bob, "R27");
	assert_number(&world->decision.caller_number, "+34944000000"); /* as it was presented to the DDI */
}

static void r27_to_an_extension_is_as_if_dialled(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("900"));
	forward(world, world->hq, FORWARD_UNREGISTERED, FORWARD_CALLS_BOTH, fixture_route_extension("2001"));
	forward(world, world->hq, FORWARD_NO_ANSWER, FORWARD_CALLS_BOTH, fixture_route_extension("199"));
	world->hq->presented_ddi = SPAN_LITERAL("+34944000002");
	/* The extension leads outside: the caller presents its own DDI, no ACL is asked. */
	world->alice->acl = company_fixture_add_acl(world->acme, "nothing", false);
	route_fixture_call(world, world->bob, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_external(world, world->telco_a, 0, "+34900123123", "+34944000001");
	route_fixture_call(world, world->alice, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_external(world, world->telco_a, 0, "+34900123123", "+34944000000");
	/* It leads back to the friend: that is one forward, and the friend is tried again. */
	route_fixture_call(world, world->bob, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
	assert_friend(world, world->hq, "2001");
	assert_int_equal(world->decision.forward_count, 1);
	assert_number(&world->decision.caller_number, "102");
	route_fixture_call(world, world->bob, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_NO_ANSWER));
	assert_rejected(world, REASON_EXTENSION_RESERVED);
}

static void r27_to_a_number_the_friend_calls(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_number("+34806123123"));
	world->hq->presented_ddi = SPAN_LITERAL("+34944000002");
	route_fixture_call(world, world->alice, "2003"); /* whose ACL denies the number */
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_external(world, world->telco_a, 0, "+34806123123", "+34944000002");
	assert_string_equal(world->decision.rule, "R27");
	assert_null(world->decision.target);
	assert_number(&world->decision.matched, "");
	assert_false(world->decision.keep_diversion);
	route_fixture_call_from_outside(world, world->telco_a, "944000000");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_external(world, world->telco_a, 0, "+34806123123", "+34944000002");
	/* Whoever called, and whatever it said. */
	route_fixture_call(world, world->branch, "2003");
	world->request.identity_user = SPAN_LITERAL("+34944000001");
	route_fixture_decide(world);
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_external(world, world->telco_a, 0, "+34806123123", "+34944000002");
	world->hq->presented_ddi = (struct span){0};
	route_fixture_call(world, world->alice, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_rejected(world, REASON_NO_OUTGOING_DDI);
}

static void r27_to_a_number_of_our_own(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_number("+12125550100"));
	forward(world, world->hq, FORWARD_NO_ANSWER, FORWARD_CALLS_BOTH, fixture_route_number("+34944000005"));
	world->hq->presented_ddi = SPAN_LITERAL("+34944000002");
	route_fixture_call(world, world->alice, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_user(world, world->gary, "R17");
	assert_ptr_equal(world->decision.company, &world->globex->company);
	assert_true(world->decision.from_outside);
	assert_number(&world->decision.caller_number, "+34944000002");
	/* That DDI leads outside again: its company calls there, not the friend. */
	route_fixture_call(world, world->alice, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_NO_ANSWER));
	assert_external(world, world->telco_a, 0, "+34900123123", "+34944000000");
}

static void r27_no_carrier_for_the_number(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_number("+33123456789"));
	route_fixture_call(world, world->bob, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_rejected(world, REASON_NO_CARRIER);
	assert_false(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
}

static void r27_always_means_never_contacted(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_ALWAYS, FORWARD_CALLS_INTERNAL, fixture_route_extension("101"));
	route_fixture_call(world, world->bob, "2003");
	assert_user(world, world->alice, "R27");
	assert_int_equal(world->decision.forward_count, 1);
	route_fixture_call_from_outside(world, world->telco_a, "944000000");
	assert_friend(world, world->hq, "2000");
	/* Behind another forward too. */
	forward(world, world->us, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("2001"));
	route_fixture_call(world, world->bob, "4001");
	assert_friend(world, world->us, "4001");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_user(world, world->alice, "R27");
	assert_int_equal(world->decision.forward_count, 2);
}

static void r27_over_five_forwards(void **state)
{
	struct route_fixture *world = *state;

	/* hq is busy, so us is tried, is busy, so hq... */
	forward(world, world->us, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("2001"));
	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("901"));
	for (uint32_t i = 0; i < world->acme->company.extension_count; i++)
		if (span_equals(world->acme->extension[i].number, SPAN_LITERAL("901")))
			world->acme->extension[i].route = fixture_route_friend("4001");
	route_fixture_call(world, world->bob, "2003");
	for (uint32_t i = 1; i <= ROUTE_FORWARDS_MAX; i++) {
		assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
		assert_friend(world, i % 2 ? world->us : world->hq, i % 2 ? "4001" : "2001");
		assert_int_equal(world->decision.forward_count, i);
	}
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_rejected(world, REASON_ROUTE_LOOP);
	assert_int_equal(reason_rows[REASON_ROUTE_LOOP].status, 482);
	assert_false(target_fails(world, ROUTE_FAILURE_BUSY));
}

static void r27_always_in_a_circle(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_ALWAYS, FORWARD_CALLS_BOTH, fixture_route_extension("2001"));
	route_fixture_call(world, world->bob, "2003");
	assert_rejected(world, REASON_ROUTE_LOOP);
	assert_int_equal(world->decision.forward_count, ROUTE_FORWARDS_MAX);
}

static void r27_ring_time(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call(world, world->bob, "2003");
	assert_int_equal(world->decision.ring_s, 0);
	forward_after(world, world->hq, 30, FORWARD_CALLS_BOTH, fixture_route_extension("101"));
	forward_after(world, world->hq, 15, FORWARD_CALLS_INTERNAL, fixture_route_extension("102"));
	forward_after(world, world->hq, 15, FORWARD_CALLS_BOTH, fixture_route_extension("101"));
	forward_after(world, world->hq, 5, FORWARD_CALLS_EXTERNAL, fixture_route_extension("900"));
	forward(world, world->us, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("2001"));
	route_fixture_call(world, world->bob, "2003");
	assert_int_equal(world->decision.ring_s, 15);
	/* Who does not answer in that time is forwarded as that forward says. */
	assert_true(target_fails(world, ROUTE_FAILURE_NO_ANSWER));
	assert_user(world, world->bob, "R27");
	assert_int_equal(world->decision.ring_s, 0);
	route_fixture_call_from_outside(world, world->telco_a, "944000000");
	assert_int_equal(world->decision.ring_s, 5);
	assert_true(target_fails(world, ROUTE_FAILURE_NO_ANSWER));
	assert_external(world, world->telco_a, 0, "+34900123123", "+34944000000");
	/* Also of a friend that a forward led to. */
	route_fixture_call(world, world->bob, "4001");
	assert_int_equal(world->decision.ring_s, 0);
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_friend(world, world->hq, "2001");
	assert_int_equal(world->decision.ring_s, 15);
}

static void r11_forwards_take_from_max_forwards(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("2001"));
	for (uint8_t max_forwards = 1; max_forwards <= ROUTE_FORWARDS_MAX; max_forwards++) {
		route_fixture_call(world, world->bob, "2003");
		world->request.max_forwards = max_forwards;
		route_fixture_decide(world);
		for (uint8_t i = 1; i < max_forwards; i++) {
			assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
			assert_friend(world, world->hq, "2001");
		}
		assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
		assert_rejected(world, REASON_TOO_MANY_HOPS);
	}
}

/* ---- Diversion ---- */

static void r27_each_forward_adds_its_diversion(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->us, FORWARD_NO_ANSWER, FORWARD_CALLS_BOTH, fixture_route_extension("904"));
	forward(world, world->e164, FORWARD_UNREGISTERED, FORWARD_CALLS_BOTH, fixture_route_extension("2001"));
	forward(world, world->hq, FORWARD_ALWAYS, FORWARD_CALLS_BOTH, fixture_route_number("+34911111111"));
	route_fixture_call(world, world->bob, "4001");
	assert_text(route_fixture_present(world)->diversion, "");
	assert_true(target_fails(world, ROUTE_FAILURE_NO_ANSWER));
	assert_friend(world, world->e164, "+34911111111");
	/* R23: what is E.164 is written as the called side dials it; 4001 is internal. */
	assert_text(route_fixture_present(world)->diversion,
		    "Diversion: <sip:4001@acme.example.net>;reason=no-answer\r\n");
	assert_true(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
	assert_external(world, world->telco_a, 0, "+34911111111", "+34944000000");
	assert_text(route_fixture_present(world)->diversion,
		    "Diversion: <sip:2001@acme.example.net>;reason=unconditional\r\n"
		    "Diversion: <sip:911111111@acme.example.net>;reason=unavailable\r\n"
		    "Diversion: <sip:4001@acme.example.net>;reason=no-answer\r\n");
	assert_true(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
	assert_ptr_equal(world->decision.carrier, world->telco_b); /* which wants +E.164 */
	assert_text(route_fixture_present(world)->diversion,
		    "Diversion: <sip:2001@acme.example.net>;reason=unconditional\r\n"
		    "Diversion: <sip:+34911111111@acme.example.net>;reason=unavailable\r\n"
		    "Diversion: <sip:4001@acme.example.net>;reason=no-answer\r\n");
}

static void r27_diversion_of_a_busy_friend(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("101"));
	route_fixture_call(world, world->us, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_text(route_fixture_present(world)->diversion,
		    "Diversion: <sip:2003@acme.example.net>;reason=user-busy\r\n");
	assert_true(world->presentation.keep_diversion); /* what the friend sent stands below */
	assert_text(world->presentation.to_user, "101");
	assert_text(world->presentation.from_user, "us-pbx");
	world->decision.diversion[0].number.length = 0;
	assert_text(route_fixture_present(world)->diversion,
		    "Diversion: <sip:hq-pbx@acme.example.net>;reason=user-busy\r\n");
}

static void r27_five_diversions_of_the_longest_domain_fit(void **state)
{
	struct route_fixture *world = *state;
	char domain[253], number[NUMBER_BYTES_MAX];

	memset(domain, 'd', sizeof(domain));
	memset(number, '#', sizeof(number));
	forward(world, world->hq, FORWARD_ALWAYS, FORWARD_CALLS_EXTERNAL, fixture_route_extension("101"));
	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("2001"));
	world->acme->company.domain = span_make(domain, sizeof(domain));
	route_fixture_call(world, world->bob, "2003");
	for (uint32_t i = 0; i < ROUTE_FORWARDS_MAX; i++) {
		world->decision.diversion[i].number.length = sizeof(number);
		assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
		memcpy(world->decision.diversion[i].number.text, number, sizeof(number));
		world->decision.diversion[i].number.length = sizeof(number);
	}
	assert_true(route_fixture_present(world)->diversion.length > ROUTE_FORWARDS_MAX * sizeof(domain));
}

/* ---- carriers ---- */

static void r16_next_address_then_next_carrier(void **state)
{
	struct route_fixture *world = *state;

	directory_fixture_add_carrier_address(world->telco_a, "198.51.100.17");
	directory_fixture_add_carrier_address(world->telco_a, "198.51.100.27");
	route_fixture_call(world, world->bob, "600123123");
	for (uint8_t i = 0; i < 3; i++) {
		static const char *const address[] = {"198.51.100.7", "198.51.100.17", "198.51.100.27"};
		struct net_address expected = fixture_address(address[i]);
		assert_external(world, world->telco_a, i, "+34600123123", "+34944000001");
		assert_string_equal(world->decision.rule, i == 0 ? "R4.4" : "R16");
		assert_true(net_address_equals(&route_fixture_present(world)->next_hop, &expected));
		assert_false(target_fails(world, ROUTE_FAILURE_NONE));
		assert_false(target_fails(world, ROUTE_FAILURE_BUSY));
		assert_false(target_fails(world, ROUTE_FAILURE_NO_ANSWER));
		assert_true(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
	}
	assert_external(world, world->telco_b, 0, "+34600123123", "+34944000001");
	assert_string_equal(world->decision.rule, "R16");
	assert_text(*world->decision.pattern, "^(?!\\+33)");
	assert_false(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
	/* Only those whose patterns match. */
	route_fixture_call(world, world->bob, "0049301234567");
	assert_external(world, world->telco_b, 0, "+49301234567", "+34944000001");
	assert_false(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
}

static void r16_after_a_forward(void **state)
{
	struct route_fixture *world = *state;

	forward(world, world->hq, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_number("+34600111222"));
	world->hq->presented_ddi = SPAN_LITERAL("+34944000002");
	route_fixture_call(world, world->bob, "2003");
	assert_true(target_fails(world, ROUTE_FAILURE_BUSY));
	assert_true(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
	assert_external(world, world->telco_b, 0, "+34600111222", "+34944000002");
	assert_int_equal(world->decision.forward_count, 1);
	assert_false(target_fails(world, ROUTE_FAILURE_UNREACHABLE));
}

/* The lcores keep nothing but the list of failures. */
static void the_same_failures_lead_to_the_same_place(void **state)
{
	struct route_fixture *world = *state;
	static const enum route_failure failures[] = {ROUTE_FAILURE_BUSY, ROUTE_FAILURE_NO_ANSWER,
						      ROUTE_FAILURE_UNREACHABLE};
	struct route_decision first;

	forward(world, world->us, FORWARD_BUSY, FORWARD_CALLS_BOTH, fixture_route_extension("2001"));
	forward(world, world->hq, FORWARD_NO_ANSWER, FORWARD_CALLS_BOTH, fixture_route_number("+34600111222"));
	for (uint32_t round = 0; round < 2; round++) {
		route_fixture_call(world, world->bob, "4001");
		for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
			assert_true(target_fails(world, failures[i]));
		assert_external(world, world->telco_b, 0, "+34600111222", "+34944000000");
		if (round == 0)
			first = world->decision;
	}
	assert_memory_equal(&first, &world->decision, offsetof(struct route_decision, diversion));
	for (uint32_t i = 0; i < first.forward_count; i++) {
		assert_ptr_equal(first.diversion[i].friend, world->decision.diversion[i].friend);
		assert_int_equal(first.diversion[i].when, world->decision.diversion[i].when);
	}
}

/* R37: carriers that want 112 as it is dialled come when those that take +34112 have failed. */
static void r37_every_carrier_is_tried_for_an_emergency(void **state)
{
	struct directory_fixture *fixture = directory_fixture_create();
	struct company_fixture *acme = directory_fixture_add_company(fixture, "acme", "acme.test", "ES", "");
	struct endpoint *alice = company_fixture_add_user(acme, "alice", NULL);
	struct carrier *first = directory_fixture_add_carrier(fixture, "first", 1, "192.0.2.1", "ES");
	struct carrier *both = directory_fixture_add_carrier(fixture, "both", 2, "192.0.2.2", "ES");
	struct carrier *dialled = directory_fixture_add_carrier(fixture, "dialled", 3, "192.0.2.3", "ES");
	const struct carrier *const expected[] = {both, first, dialled};
	struct route_decision decision;

	(void)state;
	company_fixture_add_emergency(acme, "112");
	directory_fixture_add_carrier_pattern(fixture, first, "^112$");
	directory_fixture_add_carrier_pattern(fixture, both, "^\\+34112$");
	directory_fixture_add_carrier_pattern(fixture, both, "^112$");
	directory_fixture_add_carrier_pattern(fixture, dialled, "^11");
	directory_fixture_finish(fixture);
	struct route_request request = {.directory = &fixture->directory,
					.scratch = &fixture->scratch,
					.company = &acme->company,
					.caller = alice,
					.number = SPAN_LITERAL("112")};
	route_decide(&decision, &request, NULL);
	for (uint32_t i = 0; i < 3; i++) {
		assert_ptr_equal(decision.carrier, expected[i]);
		assert_true(decision.emergency);
		assert_int_equal(route_next(&decision, &request, ROUTE_FAILURE_UNREACHABLE, NULL), i < 2);
	}
	directory_fixture_free(fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, route_fixture_setup, route_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r28_class_of_a_failure),
		TEST(r27_each_failure_has_its_forward),
		TEST(r28_without_a_forward_nothing_is_next),
		TEST(r27_first_that_fits_the_call),
		TEST(r27_a_call_through_our_own_ddi_is_external),
		TEST(r27_to_an_extension_is_as_if_dialled),
		TEST(r27_to_a_number_the_friend_calls),
		TEST(r27_to_a_number_of_our_own),
		TEST(r27_no_carrier_for_the_number),
		TEST(r27_always_means_never_contacted),
		TEST(r27_over_five_forwards),
		TEST(r27_always_in_a_circle),
		TEST(r27_ring_time),
		TEST(r11_forwards_take_from_max_forwards),
		TEST(r27_each_forward_adds_its_diversion),
		TEST(r27_diversion_of_a_busy_friend),
		TEST(r27_five_diversions_of_the_longest_domain_fit),
		TEST(r16_next_address_then_next_carrier),
		TEST(r16_after_a_forward),
		TEST(the_same_failures_lead_to_the_same_place),
		cmocka_unit_test(r37_every_carrier_is_tried_for_an_emergency),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
