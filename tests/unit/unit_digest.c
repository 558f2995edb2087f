#include "cmocka_all.h"

#include <stdlib.h>

#include "digest.h"
#include "guard_page.h"

struct example {
	const char *username, *realm, *password, *method, *uri, *nonce, *nc, *cnonce, *qop, *response;
	uint8_t algorithm;
};

static const struct example examples[] = {
	/* RFC 2617 3.5 */
	{"Mufasa", "testrealm@host.com", "Circle Of Life", "GET", "/dir/index.html",
	 "dcd98b7102dd2f0e8b11d0f600bfb0c093", "00000001", "0a4f113b", "auth", "6629fae49393a05397450978507c4ef1",
	 DIGEST_MD5},
	/* RFC 2069 2.4 with its erratum 749 */
	{"Mufasa", "testrealm@host.com", "CircleOfLife", "GET", "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093",
	 "", "", "", "1949323746fe6a43ef61f9606e7febea", DIGEST_MD5},
	/* RFC 7616 3.9.1, both */
	{"Mufasa", "http-auth@example.org", "Circle of Life", "GET", "/dir/index.html",
	 "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	 "auth", "8ca523f5e9506fed4657c9700eebdbec", DIGEST_MD5},
	{"Mufasa", "http-auth@example.org", "Circle of Life", "GET", "/dir/index.html",
	 "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	 "auth", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", DIGEST_SHA256},
	/* ours, worked out with Python's hashlib; qop goes in as the client wrote it */
	{"2001", "acme.example.net", "s3cret", "INVITE", "sip:2002@acme.example.net", "AAAA", "00000001", "c0ffee",
	 "AUTH", "ddb68b00eb5b1c89a53703605b184530", DIGEST_MD5},
	{"2001", "acme.example.net", "s3cret", "INVITE", "sip:2002@acme.example.net", "AAAA", "", "", "",
	 "c506f7e9b6955fac24e3dd0bf82e915569904eada93b17bfc2a8461f1df65feb", DIGEST_SHA256},
};

static struct guard_page guarded;

static bool verify(const struct example *example, struct span response)
{
	struct digest_secret secret;
	struct digest_credentials credentials = {
		.username = span_of_text(example->username),
		.realm = span_of_text(example->realm),
		.nonce = span_of_text(example->nonce),
		.uri = span_of_text(example->uri),
		.response = guard_page_place(&guarded, response),
		.cnonce = span_of_text(example->cnonce),
		.qop = span_of_text(example->qop),
		.nc_text = span_of_text(example->nc),
		.nc = (uint32_t)strtoul(example->nc, NULL, 16),
		.algorithm = example->algorithm,
	};

	digest_make_secret(&secret, credentials.username, credentials.realm, span_of_text(example->password));
	return digest_verify(&secret, &credentials, span_of_text(example->method));
}

static void examples_of_the_rfcs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		assert_true(verify(&examples[i], span_of_text(examples[i].response)));
}

static void secrets_are_lower_case_hex(void **state)
{
	struct digest_secret secret;

	(void)state;
	digest_make_secret(&secret, SPAN_LITERAL("Mufasa"), SPAN_LITERAL("testrealm@host.com"),
			   SPAN_LITERAL("Circle Of Life"));
	assert_memory_equal(secret.ha1_md5, "939e7578ed9e3c518a452acee763bce9", 32); /* RFC 2617's HA1 */
	digest_make_secret(&secret, SPAN_LITERAL("2001"), SPAN_LITERAL("acme.example.net"), SPAN_LITERAL("s3cret"));
	assert_memory_equal(secret.ha1_sha256, "ae19bce04278ac10eb80e4016ed0d95e91ab95e392ea60967c4c8e7e382027fa", 64);
}

/* Each byte of the response counts, digits may be upper case, and no other byte passes for a digit. */
static void every_byte_of_the_response_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		char text[64];
		uint32_t length = (uint32_t)strlen(examples[i].response);
		memcpy(text, examples[i].response, length);
		for (uint32_t at = 0; at < length; at++) {
			char right = text[at];
			for (int byte = 0; byte < 256; byte++) {
				text[at] = (char)byte;
				bool same = text[at] == right || (right >= 'a' && text[at] == right - 'a' + 'A');
				assert_int_equal(verify(&examples[i], span_make(text, length)), same);
			}
			text[at] = right;
		}
		for (uint32_t prefix = 0; prefix < length; prefix++)
			assert_false(verify(&examples[i], span_make(text, prefix)));
	}
}

static void every_field_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		for (int field = 0; field < 9; field++) {
			struct example changed = examples[i];
			const char **text = (const char **)&changed + field;
			if (**text == '\0')
				continue;
			*text = "other";
			assert_false(verify(&changed, span_of_text(changed.response)));
		}
	}
}

static void refuses_other_qops_and_algorithms(void **state)
{
	struct example example = examples[4];

	(void)state;
	example.qop = "auth-int";
	example.response = "e18247315c07571b50593707f1fe974b"; /* right by RFC 7616 with an empty body */
	assert_false(verify(&example, span_of_text(example.response)));
	example.response = "7831f767be81f5268f7f90a4822dc19b";
	assert_false(verify(&example, span_of_text(example.response)));
	example = examples[4];
	example.nc = "";
	example.response = "70332e866a6e47610a14589af0afd92e"; /* worked out with an empty nc */
	assert_false(verify(&example, span_of_text(example.response)));
	example = examples[4];
	example.algorithm = DIGEST_UNKNOWN;
	assert_false(verify(&example, span_of_text(example.response)));
	example = examples[0];
	example.algorithm = DIGEST_SHA256;
	assert_false(verify(&example, span_of_text(example.response)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples_of_the_rfcs),
		cmocka_unit_test(secrets_are_lower_case_hex),
		cmocka_unit_test(every_byte_of_the_response_counts),
		cmocka_unit_test(every_field_counts),
		cmocka_unit_test(refuses_other_qops_and_algorithms),
	};

	guard_page_build(&guarded, 128);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
