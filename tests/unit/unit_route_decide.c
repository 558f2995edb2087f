#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "refusal_phrase.h"
#include "route_fixture.h"

static void assert_text(struct span text, const char *expected)
{
	if (!span_equals(text, span_of_text(expected)))
		fail_msg("\"" SPAN_FORMAT "\" instead of \"%s\"", SPAN_ARGUMENTS(text), expected);
}

static void assert_number(const struct number *number, const char *expected)
{
	assert_text(number_text(number), expected);
}

static void assert_target(const struct route_decision *decision, const struct endpoint *target, const char *rule)
{
	assert_int_equal(decision->reason, REASON_NONE);
	assert_ptr_equal(decision->target, target);
	assert_int_equal(decision->outcome, target->kind == ENDPOINT_USER ? ROUTE_OUTCOME_USER : ROUTE_OUTCOME_FRIEND);
	assert_string_equal(decision->rule, rule);
}

static void assert_external(const struct route_decision *decision, const struct carrier *carrier, const char *e164,
			    const char *presented)
{
	assert_int_equal(decision->reason, REASON_NONE);
	assert_int_equal(decision->outcome, ROUTE_OUTCOME_EXTERNAL);
	assert_ptr_equal(decision->carrier, carrier);
	assert_number(&decision->e164, e164);
	assert_number(&decision->presented, presented);
}

static void assert_rejected(const struct route_decision *decision, enum reason reason)
{
	assert_int_equal(decision->outcome, ROUTE_OUTCOME_REJECT);
	assert_int_equal(decision->reason, reason);
	assert_string_equal(decision->rule, reason_rows[reason].source);
}

static void r3_number_is_decoded_before_it_is_routed(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call(world, world->alice, "%32003;phone-context=x"), world->hq, "R4.2");
	assert_number(&world->decision.dialled, "2003");
	assert_target(route_fixture_call(world, world->alice, "1-0-2"), world->bob, "R4.1");
}

static void r3_a_number_with_plus_is_not_internal(void **state)
{
	struct route_fixture *world = *state;

	/* As dialled it is in E.164 already: R4.2, and the friend gets it in its dial format (R21). */
	assert_target(route_fixture_call(world, world->bob, "+34911234567"), world->e164, "R4.2");
	assert_number(&world->decision.matched, "+34911234567");
}

static void r4_extension_beats_every_friend(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call(world, world->bob, "2002"), world->alice, "R4.1");
	assert_number(&world->decision.matched, "2002");
}

static void r4_friend_by_dialled_number(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call(world, world->alice, "4001"), world->us, "R4.2");
	assert_text(*world->decision.pattern, "^4[0-9]{3}$");
	assert_number(&world->decision.matched, "4001");
}

static void r4_friend_by_e164(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call(world, world->alice, "911234567"), world->e164, "R4.3");
	assert_number(&world->decision.matched, "+34911234567");
	assert_number(&world->decision.dialled, "911234567");
	/* The caller's country decides what its digits mean. */
	assert_target(route_fixture_call(world, world->us, "01134911234567"), world->e164, "R4.3");
}

static void r4_external_when_nobody_takes_it(void **state)
{
	struct route_fixture *world = *state;

	assert_external(route_fixture_call(world, world->bob, "600123123"), world->telco_a, "+34600123123",
			"+34944000001");
	assert_string_equal(world->decision.rule, "R4.4");
}

static void r5_always_transform(void **state)
{
	struct route_fixture *world = *state;

	/* 2001 is an extension and matches hq-pbx, but as +342001 it is neither. */
	assert_external(route_fixture_call(world, world->trans, "2001"), world->telco_a, "+342001", "+34944000000");
	assert_target(route_fixture_call(world, world->trans, "911234567"), world->e164, "R4.2");
}

static void r6_service_code(void **state)
{
	struct route_fixture *world = *state;

	assert_rejected(route_fixture_call(world, world->bob, "*21"), REASON_SERVICE_CODE);
}

static void r6_no_number(void **state)
{
	struct route_fixture *world = *state;

	assert_rejected(route_fixture_call(world, world->bob, ""), REASON_NUMBER_INVALID);
	assert_rejected(route_fixture_call(world, world->bob, "20 01"), REASON_NUMBER_INVALID);
	assert_rejected(route_fixture_call(world, world->bob, "hq-pbx"), REASON_NUMBER_INVALID);
	assert_rejected(route_fixture_call(world, world->bob, "20%"), REASON_NUMBER_INVALID);
	assert_rejected(route_fixture_call(world, world->bob,
					   "1234567890123456789012345678901234567890123456789012345678901234567890"),
			REASON_NUMBER_TOO_LONG);
}

/* They have the characters of numbers, but lead nowhere: not to a carrier, whatever its patterns take. */
static void r6_r16_what_is_no_e164_does_not_leave(void **state)
{
	static const char *const dialled[] = {"+", "++34944000009",	"34+944000009", "944000009+", "nobody",
					      "#", "%2331%23600123123", "+34abc"};
	struct route_fixture *world = *state;

	for (size_t i = 0; i < sizeof(dialled) / sizeof(dialled[0]); i++)
		assert_rejected(route_fixture_call(world, world->bob, dialled[i]), REASON_NO_CARRIER);
	assert_rejected(route_fixture_call(world, world->bob, "*"), REASON_SERVICE_CODE);
	/* Too long only with the calling code in front. */
	assert_rejected(
		route_fixture_call(world, world->bob, "111111111111111111111111111111111111111111111111111111111111"),
		REASON_NUMBER_TOO_LONG);
}

static void r8_least_priority_value_wins(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call(world, world->alice, "2003"), world->hq, "R4.2");
}

static void r8_equal_priority_takes_name_that_sorts_first(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call(world, world->alice, "3001"), world->twin, "R4.2");
}

static void r9_a_friend_may_call_itself_and_other_friends(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call(world, world->hq, "2003"), world->hq, "R4.2");
	assert_target(route_fixture_call(world, world->branch, "2003"), world->hq, "R4.2");
}

static void r9_no_acl_towards_friends(void **state)
{
	struct route_fixture *world = *state;

	world->alice->acl = company_fixture_add_acl(world->acme, "nothing", false);
	assert_target(route_fixture_call(world, world->alice, "2003"), world->hq, "R4.2");
	assert_target(route_fixture_call(world, world->alice, "911234567"), world->e164, "R4.3");
	assert_target(route_fixture_call(world, world->alice, "102"), world->bob, "R4.1");
}

static void r10_route_to_friend_offers_its_number(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call(world, world->alice, "2001"), world->hq, "R4.1");
	assert_number(&world->decision.matched, "2001");
	/* By R4.3: only its E.164 form matches. */
	assert_target(route_fixture_call(world, world->alice, "904"), world->e164, "R4.1");
	assert_number(&world->decision.matched, "+34911111111");
	assert_rejected(route_fixture_call(world, world->alice, "901"), REASON_NO_FRIEND_TAKES_NUMBER);
}

static void r4_reserved_extension(void **state)
{
	struct route_fixture *world = *state;

	assert_rejected(route_fixture_call(world, world->alice, "199"), REASON_EXTENSION_RESERVED);
}

static void routes_that_lead_in_circles_end(void **state)
{
	struct route_fixture *world = *state;

	assert_rejected(route_fixture_call(world, world->bob, "300"), REASON_ROUTE_LOOP);
	assert_rejected(route_fixture_call(world, world->bob, "905"), REASON_ROUTE_LOOP);
	assert_rejected(route_fixture_call_from_outside(world, world->telco_a, "944000004"), REASON_ROUTE_LOOP);
}

static void r13_acl_first_rule_then_default(void **state)
{
	struct route_fixture *world = *state;

	assert_external(route_fixture_call(world, world->alice, "600123123"), world->telco_a, "+34600123123",
			"+34944000000");
	assert_rejected(route_fixture_call(world, world->alice, "806123123"), REASON_CALL_ACL_DENIED);
	assert_ptr_equal(world->decision.acl, world->alice->acl);
	assert_text(world->decision.acl->name, "national");
	assert_rejected(route_fixture_call(world, world->alice, "0049301234567"), REASON_CALL_ACL_DENIED);
	assert_int_equal(reason_rows[REASON_CALL_ACL_DENIED].status, 403);
}

static void r13_the_answer_names_the_acl(void **state)
{
	struct route_fixture *world = *state;
	char text[REFUSAL_PHRASE_BYTES_MAX], name[REFUSAL_PHRASE_BYTES_MAX];
	struct call_acl acl = {.name = {name, 100}};

	route_fixture_call(world, world->alice, "806123123");
	assert_text(refusal_phrase_write(text, REASON_CALL_ACL_DENIED, world->decision.acl), "Call ACL national");
	/* Provisioning takes 100 bytes. What does not fit is left out. */
	memset(name, 'x', sizeof(name));
	assert_int_equal(refusal_phrase_write(text, REASON_CALL_ACL_DENIED, &acl).length, strlen("Call ACL ") + 100);
	acl.name.length = sizeof(name);
	assert_text(refusal_phrase_write(text, REASON_CALL_ACL_DENIED, &acl), "Call ACL");
	assert_text(refusal_phrase_write(text, REASON_CALL_ACL_DENIED, NULL), "Call ACL");
	assert_text(refusal_phrase_write(text, REASON_NO_CARRIER, &acl), "No carrier");
}

static void r13_acl_comes_before_the_ddi(void **state)
{
	struct route_fixture *world = *state;

	world->alice->presented_ddi = (struct span){0};
	assert_rejected(route_fixture_call(world, world->alice, "806123123"), REASON_CALL_ACL_DENIED);
	assert_rejected(route_fixture_call(world, world->alice, "600123123"), REASON_NO_OUTGOING_DDI);
}

static void r13_no_acl_for_an_extension_to_a_number(void **state)
{
	struct route_fixture *world = *state;

	world->alice->acl = company_fixture_add_acl(world->acme, "nothing", false);
	assert_external(route_fixture_call(world, world->alice, "900"), world->telco_a, "+34900123123", "+34944000000");
	assert_string_equal(world->decision.rule, "R4.1");
	assert_rejected(route_fixture_call(world, world->alice, "900123123"), REASON_CALL_ACL_DENIED);
}

static void r13_acl_holds_for_our_own_ddis(void **state)
{
	struct route_fixture *world = *state;

	world->alice->acl = company_fixture_add_acl(world->acme, "nothing", false);
	assert_rejected(route_fixture_call(world, world->alice, "944000001"), REASON_CALL_ACL_DENIED);
}

static void call_of_hq(struct route_fixture *world, const char *identity, const char *from, const char *diversion)
{
	route_fixture_call(world, world->hq, "600123123");
	world->request.identity_user = span_of_text(identity);
	world->request.from_user = span_of_text(from);
	world->request.diversion_user = span_of_text(diversion);
	route_fixture_decide(world);
}

static void r14_1_identity_that_is_a_ddi_is_presented(void **state)
{
	struct route_fixture *world = *state;

	call_of_hq(world, "+34944000002", "hq-pbx", "");
	assert_external(&world->decision, world->telco_a, "+34600123123", "+34944000002");
	call_of_hq(world, "4000002", "anonymous", ""); /* area 94 */
	assert_external(&world->decision, world->telco_a, "+34600123123", "+34944000002");
	assert_number(&world->decision.caller_number, "+34944000002");
	call_of_hq(world, "", "944000002", "");
	assert_external(&world->decision, world->telco_a, "+34600123123", "+34944000002");
	assert_false(world->decision.keep_diversion);
}

static void r14_identity_goes_before_from(void **state)
{
	struct route_fixture *world = *state;

	call_of_hq(world, "944000002", "944000001", "");
	assert_external(&world->decision, world->telco_a, "+34600123123", "+34944000002");
}

static void r14_2_diversion_that_is_a_ddi_lets_the_caller_through(void **state)
{
	struct route_fixture *world = *state;

	call_of_hq(world, "+33123456789", "hq-pbx", "944000001");
	assert_external(&world->decision, world->telco_a, "+34600123123", "+33123456789");
	assert_true(world->decision.keep_diversion);
	call_of_hq(world, "asterisk", "hq-pbx", "944000001"); /* nothing to present */
	assert_external(&world->decision, world->telco_a, "+34600123123", "+34944000000");
	assert_false(world->decision.keep_diversion);
}

static void r14_3_fallback(void **state)
{
	struct route_fixture *world = *state;

	call_of_hq(world, "+33123456789", "hq-pbx", "+33999999999");
	assert_external(&world->decision, world->telco_a, "+34600123123", "+34944000000");
	assert_false(world->decision.keep_diversion);
	world->hq->presented_ddi = SPAN_LITERAL("+34944000001");
	call_of_hq(world, "", "hq-pbx", "");
	assert_external(&world->decision, world->telco_a, "+34600123123", "+34944000001");
	call_of_hq(world, "", "anonymous", "");
	assert_external(&world->decision, world->telco_a, "+34600123123", "+34944000001");
}

static void r14_4_nothing_to_present(void **state)
{
	struct route_fixture *world = *state;

	world->hq->presented_ddi = (struct span){0};
	call_of_hq(world, "+33123456789", "hq-pbx", "");
	assert_rejected(&world->decision, REASON_NO_OUTGOING_DDI);
	assert_null(world->decision.carrier);
}

static void r14_a_ddi_of_another_company_is_not_presented(void **state)
{
	struct route_fixture *world = *state;

	call_of_hq(world, "+12125550100", "hq-pbx", "");
	assert_external(&world->decision, world->telco_a, "+34600123123", "+34944000000");
}

static void r15_what_a_user_says_is_ignored(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call(world, world->bob, "600123123");
	world->request.identity_user = SPAN_LITERAL("+34944000002");
	world->request.diversion_user = SPAN_LITERAL("+34944000002");
	assert_external(route_fixture_decide(world), world->telco_a, "+34600123123", "+34944000001");
	assert_false(world->decision.keep_diversion);
	assert_number(&world->decision.caller_number, "102");
}

static void r16_carrier_by_pattern_then_priority(void **state)
{
	struct route_fixture *world = *state;

	assert_external(route_fixture_call(world, world->bob, "600123123"), world->telco_a, "+34600123123",
			"+34944000001");
	assert_text(*world->decision.pattern, "^\\+34");
	assert_external(route_fixture_call(world, world->bob, "0049301234567"), world->telco_b, "+49301234567",
			"+34944000001");
	assert_rejected(route_fixture_call(world, world->bob, "0033123456789"), REASON_NO_CARRIER);
}

/* telco-b would take anything that does not begin with +33, and ACLs are written for E.164. */
static void r16_what_is_no_e164_does_not_leave(void **state)
{
	struct route_fixture *world = *state;

	assert_rejected(route_fixture_call(world, world->bob, "#31#806123123"), REASON_NO_CARRIER);
	assert_rejected(route_fixture_call(world, world->bob, "carol"), REASON_NO_CARRIER);
}

static void r17_our_own_ddi_of_the_same_company(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call(world, world->bob, "944000001"), world->alice, "R17");
	assert_true(world->decision.from_outside);
	assert_text(world->decision.ddi->number, "+34944000001");
	assert_number(&world->decision.caller_number, "+34944000001");
	assert_int_equal(world->decision.matched.length, 0);
	assert_target(route_fixture_call(world, world->bob, "902"), world->alice, "R17");
}

static void r17_our_own_ddi_of_another_company(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call(world, world->bob, "903"), world->gary, "R17");
	assert_ptr_equal(world->decision.company, &world->globex->company);
	assert_number(&world->decision.caller_number, "+34944000001");
	assert_null(world->decision.carrier);
	/* A friend of the caller's own company goes first (R4.3). */
	assert_target(route_fixture_call(world, world->bob, "0012125550100"), world->us, "R4.3");
}

static void r33_ddi_to_friend(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call_from_outside(world, world->telco_a, "944000000"), world->hq, "R33");
	assert_ptr_equal(world->decision.company, &world->acme->company);
	assert_number(&world->decision.matched, "2000");
	assert_number(&world->decision.caller_number, "+34600123123");
	assert_true(world->decision.from_outside);
}

static void r33_ddi_to_user_and_extension(void **state)
{
	struct route_fixture *world = *state;

	assert_target(route_fixture_call_from_outside(world, world->telco_b, "+34944000001"), world->alice, "R33");
	assert_number(&world->decision.matched, "");
	assert_target(route_fixture_call_from_outside(world, world->telco_b, "%2B34944000002"), world->alice, "R33");
	assert_number(&world->decision.matched, "101");
}

static void r33_ddi_to_a_number_outside_presents_the_company(void **state)
{
	struct route_fixture *world = *state;

	assert_external(route_fixture_call_from_outside(world, world->telco_a, "944000005"), world->telco_a,
			"+34900123123", "+34944000000");
	world->acme->company.outgoing_ddi = (struct span){0};
	assert_rejected(route_fixture_call_from_outside(world, world->telco_a, "944000005"), REASON_NO_OUTGOING_DDI);
}

static void r33_number_that_is_no_ddi(void **state)
{
	struct route_fixture *world = *state;

	assert_rejected(route_fixture_call_from_outside(world, world->telco_a, "944999999"), REASON_UNKNOWN_DDI);
	assert_rejected(route_fixture_call_from_outside(world, world->telco_a, "2000"), REASON_UNKNOWN_DDI);
	assert_rejected(route_fixture_call_from_outside(world, world->telco_b, "944000000"), REASON_UNKNOWN_DDI);
	assert_rejected(route_fixture_call_from_outside(world, world->telco_a, "944000003"), REASON_DDI_WITHOUT_ROUTE);
	assert_rejected(route_fixture_call_from_outside(world, world->telco_a, ""), REASON_NUMBER_INVALID);
}

static void r33_caller_number(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call_from_outside(world, world->telco_a, "944000001");
	world->request.identity_user = SPAN_LITERAL("0033123456789");
	assert_number(&route_fixture_decide(world)->caller_number, "+33123456789");
	world->request.identity_user = SPAN_LITERAL("anonymous");
	assert_number(&route_fixture_decide(world)->caller_number, "+34600123123");
	world->request.from_user = SPAN_LITERAL("Unavailable");
	assert_number(&route_fixture_decide(world)->caller_number, "");
	world->request.from_user = SPAN_LITERAL("anonymous");
	assert_number(&route_fixture_decide(world)->caller_number, "");
}

static void r37_emergency_goes_out_as_dialled(void **state)
{
	struct route_fixture *world = *state;

	company_fixture_add_emergency(world->acme, "2002"); /* also an extension, and a friend's pattern */
	world->acme->company.emergency_count = 3;
	world->alice->acl = company_fixture_add_acl(world->acme, "nothing", false);
	assert_external(route_fixture_call(world, world->alice, "112"), world->telco_a, "+34112", "+34944000000");
	assert_true(world->decision.emergency);
	assert_string_equal(world->decision.rule, "R37");
	assert_number(&world->decision.dialled, "112");
	assert_external(route_fixture_call(world, world->alice, "2002"), world->telco_a, "+342002", "+34944000000");
	assert_external(route_fixture_call(world, world->trans, "112"), world->telco_a, "+34112", "+34944000000");
}

static void r37_emergency_without_ddi(void **state)
{
	struct route_fixture *world = *state;

	world->alice->presented_ddi = (struct span){0};
	assert_external(route_fixture_call(world, world->alice, "112"), world->telco_a, "+34112", "");
}

static void r22_number_of_the_caller(void **state)
{
	struct route_fixture *world = *state;

	assert_number(&route_fixture_call(world, world->alice, "2003")->caller_number, "101");
	assert_number(&route_fixture_call(world, world->carol, "2003")->caller_number, "carol");
	assert_number(&route_fixture_call(world, world->hq, "101")->caller_number, "hq-pbx");
	assert_false(world->decision.from_outside);
	world->request.from_user = SPAN_LITERAL("2005"); /* a number of hq-pbx by its pattern: internal */
	assert_number(&route_fixture_decide(world)->caller_number, "2005");
	world->request.from_user = SPAN_LITERAL("101");
	assert_number(&route_fixture_decide(world)->caller_number, "101");
	world->request.from_user = SPAN_LITERAL("600123123");
	assert_number(&route_fixture_decide(world)->caller_number, "+34600123123");
	world->request.identity_user = SPAN_LITERAL("+34911111111"); /* matches a pattern, but has a plus */
	assert_number(&route_fixture_decide(world)->caller_number, "+34911111111");
}

static void r23_diversion_of_friends_and_carriers_is_kept_inside(void **state)
{
	struct route_fixture *world = *state;

	assert_true(route_fixture_call(world, world->hq, "101")->keep_diversion);
	assert_false(route_fixture_call(world, world->bob, "101")->keep_diversion);
	assert_true(route_fixture_call_from_outside(world, world->telco_a, "944000001")->keep_diversion);
}

static void nothing_of_another_company_is_reached(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call(world, world->gary, "2003");
	world->request.company = &world->globex->company;
	assert_rejected(route_fixture_decide(world), REASON_NO_OUTGOING_DDI);
	world->request.number = SPAN_LITERAL("101");
	assert_rejected(route_fixture_decide(world), REASON_NO_OUTGOING_DDI);
}

/* R8 against a model that asks PCRE2 for every friend: random priorities, names and patterns. */

static uint32_t next_random(uint32_t *random)
{
	*random = *random * 1664525u + 1013904223u;
	return *random >> 8;
}

static bool pcre2_takes(const char *pattern, const char *number)
{
	int error;
	PCRE2_SIZE offset;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, 0, &error, &offset, NULL);
	pcre2_match_data *match = pcre2_match_data_create(1, NULL);

	assert_non_null(code);
	bool takes = pcre2_match(code, (PCRE2_SPTR)number, PCRE2_ZERO_TERMINATED, 0, 0, match, NULL) >= 0;
	pcre2_match_data_free(match);
	pcre2_code_free(code);
	return takes;
}

static const struct endpoint *model_friend(const struct company_fixture *company, const char *number)
{
	const struct endpoint *best = NULL;

	for (uint32_t i = 0; i < company->pattern_count; i++) {
		const struct endpoint *candidate = &company->endpoint[company->pattern[i].owner];
		if (!pcre2_takes(company->pattern[i].text, number))
			continue;
		if (!best || candidate->priority < best->priority ||
		    (candidate->priority == best->priority &&
		     strncmp(candidate->name.at, best->name.at, candidate->name.length + 1) < 0))
			best = candidate;
	}
	return best;
}

static void r8_agrees_with_a_naive_model(void **state)
{
	enum { WORLDS = 40, FRIENDS = 10, NUMBERS = 60 };
	static const char *const patterns[] = {"^[1-5]",     "^2[0-9]$", "7$",	  "^(?!3)..$", "[13579]{2}",
					       "^[0-9]{3}$", "00",	 "^9.*1", ".*"};
	uint32_t random = 8, routed = 0;

	(void)state;
	for (uint32_t round = 0; round < WORLDS; round++) {
		struct directory_fixture *fixture = directory_fixture_create();
		struct company_fixture *acme = directory_fixture_add_company(fixture, "acme", "acme.test", "ES", "");
		struct endpoint *alice = company_fixture_add_user(acme, "alice", NULL);
		char names[FRIENDS][8];
		for (uint32_t i = 0; i < FRIENDS; i++) {
			snprintf(names[i], sizeof(names[i]), "%c%u", (char)('a' + next_random(&random) % 26), i);
			struct endpoint *added =
				company_fixture_add_friend(acme, names[i], (uint16_t)(next_random(&random) % 4));
			for (uint32_t k = next_random(&random) % 3; k > 0; k--)
				company_fixture_add_pattern(acme, added,
							    patterns[next_random(&random) % 8 + (k == 2 && i == 9)]);
		}
		directory_fixture_finish(fixture);
		struct route_request request = {.directory = &fixture->directory,
						.scratch = &fixture->scratch,
						.company = &acme->company,
						.caller = alice};
		for (uint32_t i = 0; i < NUMBERS; i++) {
			char number[8];
			struct route_decision decision;
			snprintf(number, sizeof(number), "%u", next_random(&random) % 1500);
			request.number = span_of_text(number);
			route_decide(&decision, &request, NULL);
			const struct endpoint *expected = model_friend(acme, number);
			if (!expected) { /* R4.3 */
				char e164[16];
				snprintf(e164, sizeof(e164), "+34%s", number);
				expected = model_friend(acme, e164);
			}
			assert_ptr_equal(decision.target, expected);
			routed += expected != NULL;
		}
		directory_fixture_free(fixture);
	}
	assert_true(routed > WORLDS * NUMBERS / 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, route_fixture_setup, route_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(r3_number_is_decoded_before_it_is_routed),
		TEST(r3_a_number_with_plus_is_not_internal),
		TEST(r4_extension_beats_every_friend),
		TEST(r4_friend_by_dialled_number),
		TEST(r4_friend_by_e164),
		TEST(r4_external_when_nobody_takes_it),
		TEST(r4_reserved_extension),
		TEST(r5_always_transform),
		TEST(r6_service_code),
		TEST(r6_no_number),
		TEST(r6_r16_what_is_no_e164_does_not_leave),
		TEST(r8_least_priority_value_wins),
		TEST(r8_equal_priority_takes_name_that_sorts_first),
		TEST(r9_a_friend_may_call_itself_and_other_friends),
		TEST(r9_no_acl_towards_friends),
		TEST(r10_route_to_friend_offers_its_number),
		TEST(routes_that_lead_in_circles_end),
		TEST(r13_acl_first_rule_then_default),
		TEST(r13_the_answer_names_the_acl),
		TEST(r13_acl_comes_before_the_ddi),
		TEST(r13_no_acl_for_an_extension_to_a_number),
		TEST(r13_acl_holds_for_our_own_ddis),
		TEST(r14_1_identity_that_is_a_ddi_is_presented),
		TEST(r14_identity_goes_before_from),
		TEST(r14_2_diversion_that_is_a_ddi_lets_the_caller_through),
		TEST(r14_3_fallback),
		TEST(r14_4_nothing_to_present),
		TEST(r14_a_ddi_of_another_company_is_not_presented),
		TEST(r15_what_a_user_says_is_ignored),
		TEST(r16_carrier_by_pattern_then_priority),
		TEST(r16_what_is_no_e164_does_not_leave),
		TEST(r17_our_own_ddi_of_the_same_company),
		TEST(r17_our_own_ddi_of_another_company),
		TEST(r33_ddi_to_friend),
		TEST(r33_ddi_to_user_and_extension),
		TEST(r33_ddi_to_a_number_outside_presents_the_company),
		TEST(r33_number_that_is_no_ddi),
		TEST(r33_caller_number),
		TEST(r37_emergency_goes_out_as_dialled),
		TEST(r37_emergency_without_ddi),
		TEST(r22_number_of_the_caller),
		TEST(r23_diversion_of_friends_and_carriers_is_kept_inside),
		TEST(nothing_of_another_company_is_reached),
		cmocka_unit_test(r8_agrees_with_a_naive_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
