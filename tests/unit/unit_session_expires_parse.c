#include "cmocka_all.h"

#include "guard_page.h"
#include "message_parse.h"
#include "session_expires_parse.h"

#define UNTOUCHED 4711

static struct guard_page guard;

static void reads_the_seconds(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds;
	} cases[] = {
		{"1800", 1800},
		{"0", 0},
		{"90;refresher=uac", 90},
		{"4000;refresher=uas", 4000},
		{"00001800;REFRESHER=UAS", 1800},
		{"1800 ;\r\n refresher\t=  uac  ; other", 1800},
		{"1800;other=\"a;b\\\"c\";refresher=uas", 1800},
		{"1800;refresher=either", 1800},
		{" 300 ", 300},
		{"4294967294", UINT32_MAX - 1},
		{"4294967295", UINT32_MAX},
		{"4294967296", UINT32_MAX},
		{"99999999999999999999999999999999999999999;refresher=uac", UINT32_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t seconds = UNTOUCHED;
		if (!session_expires_parse(&seconds, guard_page_place(&guard, span_of_text(cases[i].text))) ||
		    seconds != cases[i].seconds)
			fail_msg("%u of: %s", seconds, cases[i].text);
	}
}

static void refuses_what_is_malformed(void **state)
{
	static const char *const texts[] = {
		"",	 " ",	   ";",	       "x",	     "-1",	     "+1800",	       "18x",
		"1800s", "18 00",  "1800, 90", "1800;",	     "1800;;a",	     "1800;=uac",      "1800 uac",
		"0x708", "1800.0", "1 ;a=",    "1800;a=b c", "1800;a=\"uac", ";refresher=uac", "refresher=uac",
		"1800,",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint32_t seconds = UNTOUCHED;
		if (session_expires_parse(&seconds, guard_page_place(&guard, span_of_text(texts[i]))))
			fail_msg("parsed: %s", texts[i]);
		assert_int_equal(seconds, UNTOUCHED);
	}
	uint32_t seconds = UNTOUCHED;
	assert_false(session_expires_parse(&seconds, (struct span){0}));
	assert_int_equal(seconds, UNTOUCHED);
}

static void prefixes_stay_inside(void **state)
{
	struct span whole = SPAN_LITERAL("  00018446744073709551617 ; refresher = \"u\\\"ac\" ;\r\n x=y");
	uint32_t seconds;

	(void)state;
	for (uint32_t length = 0; length <= whole.length; length++)
		session_expires_parse(&seconds, guard_page_place(&guard, span_make(whole.at, length)));
}

/* Session-Expires and its compact form (RFC 4028 4) are one header. */
static void both_names_are_known(void **state)
{
	static const char *const lines[] = {"Session-Expires: 1800;refresher=uas", "x:1800;refresher=uas",
					    "SESSION-EXPIRES :\r\n 1800;refresher=uas"};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		static struct sip_message message;
		uint32_t seconds = UNTOUCHED;
		int length = snprintf(text, sizeof(text),
				      "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
				      "From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
				      "%s\r\n\r\n",
				      lines[i]);
		struct span input = guard_page_place(&guard, span_make(text, (size_t)length));
		assert_int_equal(message_parse(&message, input), REASON_NONE);
		assert_true(session_expires_parse(&seconds, sip_message_first(&message, SIP_HEADER_SESSION_EXPIRES)));
		assert_int_equal(seconds, 1800);
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
		cmocka_unit_test(reads_the_seconds),
		cmocka_unit_test(refuses_what_is_malformed),
		cmocka_unit_test(prefixes_stay_inside),
		cmocka_unit_test(both_names_are_known),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
