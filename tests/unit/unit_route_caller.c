/* The caller's number, whatever a peer writes where it should stand (R14, R22, R23). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "guard_page.h"
#include "route_caller.h"
#include "route_fixture.h"

#define DIGITS_50 "12345678901234567890123456789012345678901234567890"

static void r23_anonymous_in_any_spelling(void **state)
{
	(void)state;
	assert_true(route_caller_is_anonymous(SPAN_LITERAL("anonymous")));
	assert_true(route_caller_is_anonymous(SPAN_LITERAL("Anonymous")));
	assert_true(route_caller_is_anonymous(SPAN_LITERAL("%61nonymou%53")));
	assert_true(route_caller_is_anonymous(SPAN_LITERAL("anonymous;x=1")));
	assert_false(route_caller_is_anonymous(SPAN_LITERAL("anonymous1")));
	assert_false(route_caller_is_anonymous(SPAN_LITERAL("anonymous%00")));
	assert_false(route_caller_is_anonymous(SPAN_LITERAL("anonymous%6")));
	assert_false(route_caller_is_anonymous((struct span){0}));
}

static void r14_who_is_named(void **state)
{
	static const char *const names[] = {"101", "+34600000001", "bob", "6%00", "(94) 4", "%31"};
	static const char *const nobody[] = {"",    ";isub=1", "anonymous",
					     "%zz", "1%3",     DIGITS_50 DIGITS_50 DIGITS_50 DIGITS_50};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_true(route_caller_is_named(span_of_text(names[i])));
	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
		assert_false(route_caller_is_named(span_of_text(nobody[i])));
}

/* All prefixes of a text with everything in it, each against an unreadable page. */
static void r22_reads_no_byte_too_far(void **state)
{
	static const char text[] = "%61+34(600)-%00.%zz;isub=1%";
	struct route_fixture *world = *state;
	struct number number;
	struct guard_page guard;

	guard_page_build(&guard, sizeof(text));
	route_fixture_call(world, world->hq, "4001");
	for (uint32_t length = 0; length < sizeof(text); length++) {
		struct span user = guard_page_place(&guard, span_make(text, length));
		world->request.identity_user = world->request.from_user = world->request.diversion_user = user;
		route_caller_is_named(user);
		route_caller_is_anonymous(user);
		route_caller_identity(&number, &world->request);
		route_caller_diversion(&number, &world->request);
		route_caller_diverted(&number, &world->request, user);
		route_caller_shown(&number, &world->request);
		assert_true(number.length <= NUMBER_BYTES_MAX);
	}
	guard_page_free(&guard);
}

static void r22_identity_that_names_nobody_leaves_it_to_from(void **state)
{
	static const char *const nobody[] = {"", "anonymous", "%zz", DIGITS_50 DIGITS_50 DIGITS_50 DIGITS_50};
	struct route_fixture *world = *state;
	struct number shown;

	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		route_fixture_call(world, world->hq, "4001");
		world->request.identity_user = span_of_text(nobody[i]);
		world->request.from_user = SPAN_LITERAL("600123123");
		route_caller_shown(&shown, &world->request);
		assert_string_equal(shown.text, "+34600123123");
		world->request.from_user = span_of_text(nobody[i]);
		route_caller_shown(&shown, &world->request);
		assert_string_equal(shown.text, "hq-pbx");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, route_fixture_setup, route_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r23_anonymous_in_any_spelling),
		cmocka_unit_test(r14_who_is_named),
		TEST(r22_reads_no_byte_too_far),
		TEST(r22_identity_that_names_nobody_leaves_it_to_from),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
