#include "address_parse.h"

#include "guard_page.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct guard_page guard;

static struct span place(const char *text)
{
	return guard_page_place(&guard, span_of_text(text));
}

static void assert_text(struct span found, const char *expected)
{
	assert_int_equal(found.length, strlen(expected));
	assert_memory_equal(found.at ? found.at : "", expected, found.length);
}

static void test_parts(void **state)
{
	(void)state;
	struct sip_address address;
	struct span rest;
	assert_true(address_parse(&address, &rest,
				  place("\"J \\\"R\\\" <x>\"  <sip:a@b;lr?h=1>\r\n ;tag=1 ;x=\"a,b;c\" ; lr")));
	assert_text(address.display, "\"J \\\"R\\\" <x>\"");
	assert_text(address.uri, "sip:a@b;lr?h=1");
	assert_text(address.parameters, "tag=1 ;x=\"a,b;c\" ; lr");
	assert_true(address.bracketed);
	assert_int_equal(rest.length, 0);

	assert_true(address_parse(&address, &rest, place("Anna van Berg <sip:a@b>")));
	assert_text(address.display, "Anna van Berg");
	assert_true(address_parse(&address, &rest, place("caller<sip:a@b>")));
	assert_text(address.display, "caller");
	assert_true(address_parse(&address, &rest, place("J\xc3\xbcrgen <sip:a@b>")));
	assert_text(address.display, "J\xc3\xbcrgen");
	assert_true(address_parse(&address, &rest, place("<sip:a@b>;tag=2")));
	assert_int_equal(address.display.length, 0);
	assert_text(address.value, "<sip:a@b>;tag=2");
}

static void test_bare(void **state)
{
	(void)state;
	struct sip_address address;
	struct span rest;
	assert_true(address_parse(&address, &rest, place("sip:+1@b;user=phone ; tag = x")));
	assert_text(address.uri, "sip:+1@b");
	assert_text(address.parameters, "user=phone ; tag = x");
	assert_false(address.bracketed);
	assert_true(address_parse(&address, &rest, place("isbn:2983792873")));
	assert_text(address.uri, "isbn:2983792873");
}

static void test_several_values(void **state)
{
	(void)state;
	struct sip_address address;
	struct span rest = place("<sip:a@b;x,y>;q=1 , sip:c@d, \"e, f\" <sip:g@h>");
	assert_true(address_parse(&address, &rest, rest));
	assert_text(address.value, "<sip:a@b;x,y>;q=1");
	assert_true(address_parse(&address, &rest, rest));
	assert_text(address.uri, "sip:c@d");
	assert_true(address_parse(&address, &rest, rest));
	assert_text(address.display, "\"e, f\"");
	assert_int_equal(rest.length, 0);
}

/* Contacts of real PBXes (shared/peers/README.md). */
static void test_peers(void **state)
{
	(void)state;
	struct sip_address address;
	struct span rest;
	assert_true(address_parse(&address, &rest, place("<sip:192.0.2.10:5060>")));
	assert_text(address.uri, "sip:192.0.2.10:5060");
	assert_true(address_parse(&address, &rest, place("<sip:s@192.0.2.10:5060>")));
	assert_text(address.uri, "sip:s@192.0.2.10:5060");
	assert_true(address_parse(&address, &rest, place("\"Anonymous\" <sip:anonymous@acme.example.net>;tag=as1")));
	assert_text(address.parameters, "tag=as1");
}

static void test_malformed(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"*",
		"<sip:a@b",
		"sip:a@b>",
		"\"x <sip:a@b>",
		"\"x\" sip:a@b",
		"\"x\"",
		"<>",
		"<a@b>",
		"< sip:a@b>",
		"<sip:a@b >",
		"sip:a b@c",
		"sip:a@b?x=1",
		"<sip:a@b>;",
		"<sip:a@b>;;",
		"<sip:a@b>;a=",
		"<sip:a@b>x",
		"a, b <sip:c@d>",
		"sip:a@b;x=\"y",
		"<sip:a@b>;=x",
		";tag=1",
		"sip:",
		"x",
		"<<sip:a@b>>",
		"<sip:a@b>,",
		"sip:a@b;c=d , ",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sip_address address;
		struct span rest;
		if (address_parse(&address, &rest, place(texts[i])))
			fail_msg("parsed: %s", texts[i]);
	}
}

static void test_prefixes_stay_inside(void **state)
{
	(void)state;
	static const char *const texts[] = {"\"a\\\"\" <sip:a@b>;x=\"y\\\\\" ;tag=1, b <c:d>",
					    "sip:a@b ;tag = x , sip:c"};
	for (size_t i = 0; i < 2; i++)
		for (uint32_t length = 0; length <= strlen(texts[i]); length++) {
			struct sip_address address;
			struct span rest;
			address_parse(&address, &rest, guard_page_place(&guard, span_make(texts[i], length)));
		}
}

static int set_up(void **state)
{
	(void)state;
	guard_page_build(&guard, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guard_page_free(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),	       cmocka_unit_test(test_bare),
		cmocka_unit_test(test_several_values), cmocka_unit_test(test_peers),
		cmocka_unit_test(test_malformed),      cmocka_unit_test(test_prefixes_stay_inside),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
