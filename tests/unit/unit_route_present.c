#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "route_fixture.h"

static void assert_text(struct span text, const char *expected)
{
	if (!span_equals(text, span_of_text(expected)))
		fail_msg("\"" SPAN_FORMAT "\" instead of \"%s\"", SPAN_ARGUMENTS(text), expected);
}

static const struct route_presentation *shown(struct route_fixture *world, const struct endpoint *caller,
					      const char *number)
{
	route_fixture_call(world, caller, number);
	return route_fixture_present(world);
}

static const struct route_presentation *shown_from_outside(struct route_fixture *world, const char *number)
{
	route_fixture_call_from_outside(world, world->telco_a, number);
	return route_fixture_present(world);
}

static void assert_next_hop(const struct route_presentation *presentation, const char *address)
{
	struct net_address expected = fixture_address(address);

	assert_true(presentation->has_next_hop);
	assert_true(net_address_equals(&presentation->next_hop, &expected));
}

static void r19_direct_friend_is_called_at_its_address(void **state)
{
	struct route_fixture *world = *state;

	assert_next_hop(shown(world, world->alice, "4001"), "192.0.2.12");
	assert_false(shown(world, world->alice, "2003")->has_next_hop);
	assert_false(shown(world, world->alice, "102")->has_next_hop);
}

static void r21_registered_friend_with_ddi_in(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation = shown(world, world->alice, "2003");

	assert_false(presentation->use_contact);
	assert_text(presentation->request_user, "2003");
	assert_text(presentation->request_host, "");
	assert_text(presentation->to_user, "2003");
	assert_text(presentation->to_host, "acme.example.net");
}

static void r21_registered_friend_without_ddi_in(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation = shown(world, world->alice, "3001");

	assert_true(presentation->use_contact);
	assert_text(presentation->to_user, "a-twin");
	assert_text(presentation->to_host, "acme.example.net");
}

static void r21_direct_friend(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation;

	presentation = shown(world, world->alice, "911234567"); /* without ddi_in */
	assert_false(presentation->use_contact);
	assert_text(presentation->request_user, "e164-pbx");
	assert_text(presentation->request_host, "");
	assert_text(presentation->to_user, "e164-pbx");
	assert_text(presentation->to_host, "acme.example.net");

	world->us->ruri_domain = SPAN_LITERAL("pbx.example.org");
	presentation = shown(world, world->alice, "4001");
	assert_text(presentation->request_user, "4001");
	assert_text(presentation->request_host, "pbx.example.org");
}

static void r21_number_in_the_friends_dial_format(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation;

	world->e164->ddi_in = true;
	presentation = shown(world, world->alice, "911234567");
	assert_text(presentation->request_user, "911234567");
	presentation = shown(world, world->bob, "0012125551234"); /* us-pbx dials in area 212 */
	assert_text(presentation->request_user, "5551234");
	assert_text(presentation->to_user, "5551234");
	presentation = shown(world, world->bob, "4001"); /* internal */
	assert_text(presentation->request_user, "4001");
}

static void r21_number_of_a_ddi_route(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation = shown_from_outside(world, "944000000");

	assert_text(presentation->request_user, "2000");
	assert_text(presentation->to_user, "2000");
}

static void r22_user_is_called_at_its_contact(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation = shown(world, world->alice, "102");

	assert_true(presentation->use_contact);
	assert_text(presentation->to_user, "102");
	assert_text(presentation->to_host, "acme.example.net");
	assert_text(presentation->from_user, "101");
	assert_text(presentation->from_host, "acme.example.net");
	presentation = shown_from_outside(world, "944000006"); /* a user without extension */
	assert_text(presentation->to_user, "carol");
}

static void r22_from_user_and_from_domain_of_the_called_friend(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation;

	world->us->from_user = SPAN_LITERAL("trunk01");
	presentation = shown(world, world->alice, "4001");
	assert_text(presentation->from_user, "trunk01");
	assert_text(presentation->from_host, "us.example.org");
	assert_text(presentation->identity_user, "101");
	assert_text(presentation->identity_host, "us.example.org");
}

static void r22_callers_number_in_the_called_sides_dial_format(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call(world, world->hq, "4001");
	world->request.from_user = SPAN_LITERAL("944000002");
	route_fixture_decide(world);
	assert_text(route_fixture_present(world)->from_user, "01134944000002");
	assert_text(shown_from_outside(world, "944000001")->from_user, "600123123");
}

static void r22_number_that_becomes_too_long_stays_in_e164(void **state)
{
	struct route_fixture *world = *state;
	char number[NUMBER_BYTES_MAX + 1] = "+34";

	memset(number + 3, '6', sizeof(number) - 4);
	number[NUMBER_BYTES_MAX] = '\0';
	route_fixture_call(world, world->hq, "4001"); /* us-pbx writes 011 before it */
	world->request.from_user = span_of_text(number);
	route_fixture_decide(world);
	assert_text(route_fixture_present(world)->from_user, number);
	assert_text(world->presentation.identity_user, number);
}

static void r22_friend_without_number_is_shown_by_name(void **state)
{
	struct route_fixture *world = *state;

	assert_text(shown(world, world->hq, "101")->from_user, "hq-pbx");
	/* Names have up to 65 bytes, numbers less. */
	world->hq->name = SPAN_LITERAL("a2345678901234567890123456789012345678901234567890123456789012345");
	assert_text(shown(world, world->hq, "101")->from_user,
		    "a2345678901234567890123456789012345678901234567890123456789012345");
}

static void r23_identity_is_always_sent(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation = shown(world, world->alice, "2003");

	assert_text(presentation->identity_user, "101");
	assert_text(presentation->identity_host, "acme.example.net");
	assert_false(presentation->anonymous);
	assert_false(presentation->strip_private);
}

static void assert_anonymous(const struct route_presentation *presentation)
{
	assert_true(presentation->anonymous);
	assert_text(presentation->from_display, "\"Anonymous\"");
	assert_text(presentation->from_user, "anonymous");
	assert_text(presentation->from_host, "anonymous.invalid");
	assert_text(presentation->identity_user, "");
}

static void r23_anonymous(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call(world, world->alice, "2003");
	world->request.anonymous = true;
	route_fixture_decide(world);
	assert_anonymous(route_fixture_present(world));
	assert_text(world->presentation.to_user, "2003");

	world->us->from_user = SPAN_LITERAL("trunk01");
	world->request.number = SPAN_LITERAL("4001");
	route_fixture_decide(world);
	assert_anonymous(route_fixture_present(world));
}

static void assert_diverted(const struct route_fixture *world, const char *user, const char *expected)
{
	struct number shown = {0};
	bool changed = route_present_diverted(&shown, &world->request, &world->decision, span_of_text(user));

	assert_int_equal(changed, expected != NULL);
	assert_text(number_text(&shown), expected ? expected : "");
}

static void r23_number_of_a_kept_diversion_in_the_called_sides_dial_format(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call(world, world->hq, "4001");
	assert_diverted(world, "4000000", "01134944000000"); /* acme's area code is 94 */
	assert_diverted(world, "0012125551234", "5551234");
	assert_diverted(world, "+34944000000", "01134944000000");
	assert_diverted(world, "944%30-00000", "01134944000000");
	assert_diverted(world, "2001", NULL); /* internal */
	assert_diverted(world, "somebody", NULL);
	assert_diverted(world, "", NULL);
	assert_diverted(world, "6%zz", NULL);
	assert_diverted(world, "123456789012345678901234567890123456789012345678901234567890123", NULL);
	route_fixture_call_from_outside(world, world->telco_a, "944000001");
	assert_diverted(world, "600123123", "600123123");
	assert_diverted(world, "2001",
			"2001"); /* a carrier knows no extension of ours: a short code, as dialled here */
	route_fixture_call(world, world->hq, "600123123");
	assert_diverted(world, "+33123456789", "0033123456789");
}

static void r22_caller_from_outside_without_number_is_anonymous(void **state)
{
	struct route_fixture *world = *state;

	route_fixture_call_from_outside(world, world->telco_a, "944000001");
	world->request.from_user = SPAN_LITERAL("");
	route_fixture_decide(world);
	assert_anonymous(route_fixture_present(world));
}

static void r26_display(void **state)
{
	struct route_fixture *world = *state;

	assert_text(shown(world, world->alice, "2003")->from_display, "\"Alice Doe\"");
	assert_text(shown(world, world->bob, "2003")->from_display, "\"Bob \\\"B\\\"\"");
	assert_text(shown(world, world->carol, "2003")->from_display, "");
	assert_text(shown_from_outside(world, "944000001")->from_display, "\"Sales\"");

	route_fixture_call_from_outside(world, world->telco_a, "944000002");
	world->request.from_display = SPAN_LITERAL("Jane Roe");
	assert_text(route_fixture_present(world)->from_display, "\"Jane Roe\"");
	world->request.from_display = SPAN_LITERAL("\"Jane \\\"R\\\"\"");
	assert_text(route_fixture_present(world)->from_display, "\"Jane \\\"R\\\"\"");
	route_fixture_call(world, world->carol, "2003");
	world->request.from_display = SPAN_LITERAL("The Director"); /* users do not choose */
	assert_text(route_fixture_present(world)->from_display, "");
}

static void r17_another_company_sees_the_presented_number_only(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation = shown(world, world->bob, "903");

	assert_text(presentation->from_user, "01134944000001");
	assert_text(presentation->from_host, "globex.example.net");
	assert_text(presentation->from_display, "");
	assert_text(presentation->to_user, "700");
	assert_text(presentation->to_host, "globex.example.net");
}

static void r16_towards_a_carrier_with_a_country(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation = shown(world, world->bob, "600123123");

	assert_text(presentation->request_user, "600123123");
	assert_text(presentation->request_host, "");
	assert_text(presentation->to_user, "600123123");
	assert_text(presentation->to_host, "");
	assert_text(presentation->from_user, "944000001");
	assert_text(presentation->from_host, "sip.example.com");
	assert_text(presentation->from_display, "");
	assert_text(presentation->identity_user, "944000001");
	assert_text(presentation->identity_host, "sip.example.com");
	assert_true(presentation->strip_private);
	assert_false(presentation->use_contact);
	assert_next_hop(presentation, "198.51.100.7");
}

static void r16_towards_a_carrier_in_e164(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation = shown(world, world->bob, "0049301234567");

	assert_text(presentation->request_user, "+49301234567");
	assert_text(presentation->from_user, "+34944000001");
	assert_text(presentation->from_host, "");
	assert_next_hop(presentation, "198.51.100.8");
}

static void r16_anonymous_call_gives_its_number_to_the_carrier_only(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation;

	route_fixture_call(world, world->bob, "600123123");
	world->request.anonymous = true;
	route_fixture_decide(world);
	presentation = route_fixture_present(world);
	assert_true(presentation->anonymous);
	assert_text(presentation->from_user, "anonymous");
	assert_text(presentation->from_host, "anonymous.invalid");
	assert_text(presentation->identity_user, "944000001");
	assert_text(presentation->identity_host, "sip.example.com");
}

static void r37_as_dialled(void **state)
{
	struct route_fixture *world = *state;
	const struct route_presentation *presentation;

	assert_text(shown(world, world->alice, "112")->request_user, "112");
	assert_text(world->presentation.from_user, "944000000");

	world->alice->presented_ddi = (struct span){0};
	presentation = shown(world, world->alice, "112");
	assert_text(presentation->to_user, "112");
	assert_text(presentation->from_user, "alice");
	assert_text(presentation->identity_user, "");
	assert_next_hop(presentation, "198.51.100.7");
}

static void users_are_escaped_as_uris_want(void **state)
{
	struct route_fixture *world = *state;

	company_fixture_add_emergency(world->acme, "06#1");
	world->acme->company.emergency_count = 3;
	assert_text(shown(world, world->alice, "06%231")->request_user, "06%231");
	route_fixture_call(world, world->hq, "101");
	world->request.from_user = SPAN_LITERAL("a%3bb%22%0d%0ac");
	route_fixture_decide(world);
	assert_text(route_fixture_present(world)->from_user, "a%3Bb%22%0D%0Ac");
}

/* Of every length, with each byte at each place: a byte is what it is, or its escape. */
static void users_of_all_bytes(void **state)
{
	static const char unescaped[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.!~*'()&=+$,/";
	struct route_fixture *world = *state;

	route_fixture_call(world, world->alice, "2003");
	route_fixture_decide(world);
	world->decision.caller_number.length = 0;
	for (uint32_t i = 0; i < 20 * 256; i++) {
		char name[20], expected[24];
		uint32_t length = 1 + i / 256, at = i % 7 % length;
		uint8_t byte = (uint8_t)i;
		memset(name, 'a', length);
		name[at] = (char)byte;
		memset(expected, 'a', sizeof(expected));
		expected[length] = '\0';
		expected[at] = (char)byte;
		if (byte == 0 || !strchr(unescaped, byte)) {
			expected[length] = 'a';
			expected[length + 2] = '\0';
			expected[at] = '%';
			expected[at + 1] = "0123456789ABCDEF"[byte / 16];
			expected[at + 2] = "0123456789ABCDEF"[byte % 16];
		}
		world->alice->name = span_make(name, length);
		assert_text(route_fixture_present(world)->identity_user, expected);
	}
}

static void what_does_not_fit_is_told(void **state)
{
	struct route_fixture *world = *state;
	static char display[ROUTE_PRESENTATION_TEXT_BYTES + 1];

	memset(display, '"', sizeof(display));
	world->alice->display = span_make(display, sizeof(display));
	route_fixture_call(world, world->alice, "2003");
	assert_false(route_present(&world->presentation, &world->request, &world->decision));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, route_fixture_setup, route_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(r19_direct_friend_is_called_at_its_address),
		TEST(r21_registered_friend_with_ddi_in),
		TEST(r21_registered_friend_without_ddi_in),
		TEST(r21_direct_friend),
		TEST(r21_number_in_the_friends_dial_format),
		TEST(r21_number_of_a_ddi_route),
		TEST(r22_user_is_called_at_its_contact),
		TEST(r22_from_user_and_from_domain_of_the_called_friend),
		TEST(r22_callers_number_in_the_called_sides_dial_format),
		TEST(r22_number_that_becomes_too_long_stays_in_e164),
		TEST(r23_number_of_a_kept_diversion_in_the_called_sides_dial_format),
		TEST(r22_friend_without_number_is_shown_by_name),
		TEST(r22_caller_from_outside_without_number_is_anonymous),
		TEST(r23_identity_is_always_sent),
		TEST(r23_anonymous),
		TEST(r26_display),
		TEST(r17_another_company_sees_the_presented_number_only),
		TEST(r16_towards_a_carrier_with_a_country),
		TEST(r16_towards_a_carrier_in_e164),
		TEST(r16_anonymous_call_gives_its_number_to_the_carrier_only),
		TEST(r37_as_dialled),
		TEST(users_are_escaped_as_uris_want),
		TEST(users_of_all_bytes),
		TEST(what_does_not_fit_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
