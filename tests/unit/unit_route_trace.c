#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "route_fixture.h"
#include "route_trace.h"

static const struct route_step *find_step(const struct route_trace *trace, const char *rule, const char *words)
{
	for (uint32_t i = 0; i < trace->count; i++)
		if (strcmp(trace->step[i].rule, rule) == 0 && strstr(trace->step[i].text, words))
			return &trace->step[i];
	return NULL;
}

static void assert_step(const struct route_trace *trace, const char *rule, bool matched, const char *words)
{
	const struct route_step *step = find_step(trace, rule, words);

	if (!step) {
		for (uint32_t i = 0; i < trace->count; i++)
			print_message("%-6s %d %s\n", trace->step[i].rule, trace->step[i].matched, trace->step[i].text);
		fail_msg("no step %s: %s", rule, words);
		return;
	}
	assert_int_equal(step->matched, matched);
}

static void tells_who_won_and_who_lost_and_why(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call(world, world->alice, "3001");
	assert_step(&world->trace, "R3", true, "dialled 3001");
	assert_step(&world->trace, "R4.1", false, "no extension 3001");
	assert_step(&world->trace, "R4.2", true, "pattern ^3[0-9]{3}$ of friend a-twin (priority 20) matches 3001");
	assert_step(&world->trace, "R8", false,
		    "of friend branch (priority 20) matches 3001, but loses: same priority, its name sorts later");
	assert_step(&world->trace, "R4.2", false,
		    "pattern ^2[0-9]{3}$ of friend hq-pbx (priority 10) does not match 3001");

	route_fixture_call(world, world->alice, "2003");
	assert_step(&world->trace, "R8", false,
		    "of friend branch (priority 20) matches 2003, but loses by its priority");
	assert_false(world->trace.truncated);
}

static void tells_the_way_of_an_external_call(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call(world, world->alice, "600123123");
	assert_step(&world->trace, "R31", true, "+34600123123");
	assert_step(&world->trace, "R4.3", false, "of friend e164-pbx (priority 5) does not match +34600123123");
	assert_step(&world->trace, "R4.4", true, "external call to +34600123123");
	assert_step(&world->trace, "R13", true, "call ACL national allows +34600123123, rule ^\\+34[679]");
	assert_step(&world->trace, "R15", true, "presents +34944000000");
	assert_step(&world->trace, "R16", true, "pattern ^\\+34 of carrier telco-a (priority 10) matches +34600123123");
	assert_step(&world->trace, "R16", false, "of carrier telco-b (priority 20) matches +34600123123, but loses");
	assert_false(world->trace.truncated);
}

static void tells_why_it_refuses(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call(world, world->alice, "806123123");
	assert_step(&world->trace, "R13", false, "rule ^\\+34[679] of call ACL national does not match +34806123123");
	assert_step(&world->trace, "R13", false, "call ACL national denies +34806123123, rule ^\\+34806");
	assert_step(&world->trace, "R13", false, "refused: ");
	route_fixture_call(world, world->alice, "0049301234567");
	assert_step(&world->trace, "R13", false, "call ACL national denies +49301234567, by default");
	route_fixture_call_from_outside(world, world->telco_a, "944999999");
	assert_step(&world->trace, "R33", false, "no DDI +34944999999");
}

static void tells_what_a_friend_may_present(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call(world, world->hq, "600123123");
	assert_step(&world->trace, "R14", false, "gives no number");
	assert_step(&world->trace, "R14.3", true, "presents +34944000000");
	world->request.from_user = SPAN_LITERAL("+33123456789");
	world->request.diversion_user = SPAN_LITERAL("+33999999999");
	route_fixture_decide(world);
	assert_step(&world->trace, "R14.1", false, "+33123456789 is no DDI of the company");
	assert_step(&world->trace, "R14.2", false, "+33999999999 is no DDI of the company");
}

static void tells_each_route_of_a_chain(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call_from_outside(world, world->telco_a, "944000002");
	assert_step(&world->trace, "R33", true, "DDI +34944000002");
	assert_step(&world->trace, "R4.1", true, "leads to extension 101");
	assert_step(&world->trace, "R12", true, "user alice");
	route_fixture_call(world, world->bob, "903");
	assert_step(&world->trace, "R17", true, "globex");
}

static void long_patterns_and_full_traces_are_cut(void **state)
{
	static struct route_trace trace;
	struct route_trace_text text = {{SPAN_LITERAL("x")}};
	char long_text[2 * ROUTE_STEP_TEXT_BYTES];

	(void)state;
	memset(long_text, 'a', sizeof(long_text));
	text.part[1] = span_make(long_text, sizeof(long_text));
	text.part[2] = SPAN_LITERAL("never seen");
	assert_true(route_trace_add(&trace, "R4.2.and.more", true, &text));
	assert_int_equal(strlen(trace.step[0].text), ROUTE_STEP_TEXT_BYTES - 1);
	assert_string_equal(trace.step[0].text + ROUTE_STEP_TEXT_BYTES - 4, "...");
	assert_int_equal(strlen(trace.step[0].rule), ROUTE_RULE_BYTES_MAX - 1);
	for (uint32_t i = 1; i < ROUTE_STEPS_MAX; i++)
		assert_true(route_trace_add(&trace, "R3", true, &text));
	assert_false(trace.truncated);
	assert_false(route_trace_add(&trace, "R3", true, &text));
	assert_true(trace.truncated);
	assert_int_equal(trace.count, ROUTE_STEPS_MAX);
}

/* Fifty patterns do not push what comes after them out of the trace; the winner is always told. */
static void many_patterns_leave_room(void **state)
{
	struct directory_fixture *fixture = directory_fixture_create();
	struct company_fixture *acme = directory_fixture_add_company(fixture, "acme", "acme.test", "ES", "");
	struct endpoint *alice = company_fixture_add_user(acme, "alice", NULL);
	struct endpoint *pbx = company_fixture_add_friend(acme, "pbx", 1);
	struct endpoint *last = company_fixture_add_friend(acme, "zulu", 2);
	static struct route_trace trace;
	struct route_decision decision;

	(void)state;
	for (uint32_t i = 0; i < 50; i++)
		company_fixture_add_pattern(acme, pbx, "^7[0-9]$");
	company_fixture_add_pattern(acme, last, "^\\+348");
	directory_fixture_finish(fixture);
	struct route_request request = {.directory = &fixture->directory,
					.scratch = &fixture->scratch,
					.company = &acme->company,
					.caller = alice,
					.number = SPAN_LITERAL("800")};
	route_decide(&decision, &request, &trace);
	assert_ptr_equal(decision.target, last);
	assert_step(&trace, "R4.3", true, "of friend zulu (priority 2) matches +34800");
	assert_step(&trace, "R4.2", false, "further patterns are left out");
	assert_true(trace.truncated);
	assert_true(trace.count < 50);
	directory_fixture_free(fixture);
}

/* Its confirmation explodes on many digits. An ACL is then on the safe side (R13). */
static void tells_what_backtracks_too_far(void **state)
{
	struct directory_fixture *fixture = directory_fixture_create();
	struct company_fixture *acme = directory_fixture_add_company(fixture, "acme", "acme.example.net", "ES", "94");
	struct endpoint *alice = company_fixture_add_user(acme, "alice", NULL);
	const struct call_acl *acl = company_fixture_add_acl(acme, "open", true);
	static struct route_trace trace;
	struct route_decision decision;

	(void)state;
	company_fixture_add_pattern(acme, company_fixture_add_friend(acme, "pbx", 1), "^(?!\\+([0-9]+)+x)\\+99");
	company_fixture_add_rule(acme, acl, false, "^(?!\\+([0-9]+)+x)\\+99");
	alice->acl = acl;
	alice->presented_ddi = SPAN_LITERAL("+34944000000");
	directory_fixture_add_carrier(fixture, "telco", 1, "192.0.2.1", NULL);
	directory_fixture_finish(fixture);
	struct route_request request = {.directory = &fixture->directory,
					.scratch = &fixture->scratch,
					.company = &acme->company,
					.caller = alice,
					.number = SPAN_LITERAL("+888888888888888888888888888888")};
	route_decide(&decision, &request, &trace);
	assert_int_equal(decision.outcome, ROUTE_OUTCOME_EXTERNAL);
	assert_step(&trace, "R4.2", false, "of friend pbx (priority 1) does not match +888");
	request.number = SPAN_LITERAL("+999");
	route_decide(&decision, &request, &trace);
	assert_int_equal(decision.outcome, ROUTE_OUTCOME_FRIEND);
	request.number = SPAN_LITERAL("+999999999999999999999999999999");
	route_decide(&decision, &request, &trace);
	assert_step(&trace, "R13", false,
		    "call ACL open denies +999999999999999999999999999999, as a rule backtracks too far");
	assert_step(&trace, "R7", false, "of friend pbx (priority 1) backtracks too far, so it does not match +999");
	assert_int_equal(decision.reason, REASON_CALL_ACL_DENIED);
	directory_fixture_free(fixture);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, route_fixture_setup, route_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_who_won_and_who_lost_and_why),
		TEST(tells_the_way_of_an_external_call),
		TEST(tells_why_it_refuses),
		TEST(tells_what_a_friend_may_present),
		TEST(tells_each_route_of_a_chain),
		cmocka_unit_test(long_patterns_and_full_traces_are_cut),
		cmocka_unit_test(many_patterns_leave_room),
		cmocka_unit_test(tells_what_backtracks_too_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
