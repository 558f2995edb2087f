#include "credentials_parse.h"

#include "guard_page.h"
#include "scan.h"

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

#define NEEDED "username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"0\""

static void test_parts(void **state)
{
	(void)state;
	struct digest_credentials credentials;
	assert_int_equal(
		credentials_parse(
			&credentials,
			place("Digest username=\"a\\\"b\",realm=\"acme, inc\" , nonce=\"n=\",\r\n uri=\"sip:1@b;x=y\","
			      "response=\"6629\",cnonce=\"c\",nc=0000000A,qop=auth,opaque=\"\","
			      "algorithm=SHA-256,x-other=1")),
		CREDENTIALS_OK);
	assert_text(credentials.username, "a\\\"b");
	assert_text(credentials.realm, "acme, inc");
	assert_text(credentials.nonce, "n=");
	assert_text(credentials.uri, "sip:1@b;x=y");
	assert_text(credentials.response, "6629");
	assert_text(credentials.cnonce, "c");
	assert_text(credentials.nc_text, "0000000A");
	assert_text(credentials.qop, "auth");
	assert_text(credentials.opaque, "");
	assert_int_equal(credentials.nc, 10);
	assert_int_equal(credentials.algorithm, DIGEST_SHA256);
}

static void test_algorithms(void **state)
{
	(void)state;
	struct digest_credentials credentials;
	assert_int_equal(credentials_parse(&credentials, place("DIGEST " NEEDED)), CREDENTIALS_OK);
	assert_int_equal(credentials.algorithm, DIGEST_MD5);
	assert_int_equal(credentials.qop.length, 0);
	assert_int_equal(credentials_parse(&credentials, place("Digest " NEEDED ",algorithm=md5")), CREDENTIALS_OK);
	assert_int_equal(credentials.algorithm, DIGEST_MD5);
	assert_int_equal(credentials_parse(&credentials, place("Digest " NEEDED ",algorithm=\"MD5\"")), CREDENTIALS_OK);
	assert_int_equal(credentials.algorithm, DIGEST_MD5);
	assert_int_equal(credentials_parse(&credentials, place("Digest " NEEDED ",algorithm=MD5-sess")),
			 CREDENTIALS_OK);
	assert_int_equal(credentials.algorithm, DIGEST_UNKNOWN);
}

/* chan_sip's REFER has an empty one (shared/peers/README.md). */
static void test_other_schemes(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"", " ", "Basic dTpw", "NoOneKnowsThisScheme opaque-data=here", "Digestive a=b", ",", "\"Digest\""};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct digest_credentials credentials;
		assert_int_equal(credentials_parse(&credentials, place(texts[i])), CREDENTIALS_OTHER_SCHEME);
	}
	struct digest_credentials credentials;
	assert_int_equal(credentials_parse(&credentials, (struct span){0}), CREDENTIALS_OTHER_SCHEME);
}

static void test_malformed(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"Digest",
		"Digest ",
		"Digest,",
		"Digest username=\"u\"",
		"Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:a\"",
		"Digest " NEEDED ",",
		"Digest " NEEDED ",,qop=auth",
		"Digest " NEEDED ",opaque",
		"Digest " NEEDED ",opaque=\"x",
		"Digest " NEEDED ";opaque=\"x\"",
		"Digest " NEEDED ",username=\"v\"",
		"Digest " NEEDED ",qop=auth",
		"Digest " NEEDED ",qop=auth,nc=00000001",
		"Digest " NEEDED ",qop=auth,cnonce=\"c\",nc=1",
		"Digest " NEEDED ",qop=auth,cnonce=\"c\",nc=0000000g",
		"Digest " NEEDED ",qop=\"\",cnonce=\"c\",nc=00000001",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct digest_credentials credentials;
		if (credentials_parse(&credentials, place(texts[i])) != CREDENTIALS_MALFORMED)
			fail_msg("not malformed: %s", texts[i]);
	}
}

/* A place of the table that has no name takes none, whatever its row looks like. */
static void test_no_name(void **state)
{
	(void)state;
	static const char *const starts[] = {"no name", "--a", "--A", "", "\xff\xff\xff\xff"};
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		char text[] = "Digest " NEEDED ",...................";
		struct digest_credentials credentials;
		memset(strstr(text, "..."), 0, 19);
		memcpy(text + sizeof(text) - 20, starts[i], strlen(starts[i]));
		struct span placed = guard_page_place(&guard, span_make(text, sizeof(text) - 1));
		assert_int_equal(credentials_parse(&credentials, placed), CREDENTIALS_MALFORMED);
	}
}

static void test_prefixes_stay_inside(void **state)
{
	(void)state;
	struct span whole = SPAN_LITERAL("Digest " NEEDED " ,cnonce=\"\\\"\",nc = 00000001,qop=auth ");
	for (uint32_t length = 0; length <= whole.length; length++) {
		struct digest_credentials credentials;
		credentials_parse(&credentials, guard_page_place(&guard, span_make(whole.at, length)));
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
		cmocka_unit_test(test_parts),	      cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_other_schemes), cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_no_name),	      cmocka_unit_test(test_prefixes_stay_inside),
	};
	int failed = cmocka_run_group_tests_name("without AVX2", tests, set_up, tear_down);
	return failed +
	       (scan_select(SCAN_AVX2) ? cmocka_run_group_tests_name("with AVX2", tests, set_up, tear_down) : 0);
}
