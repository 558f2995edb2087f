/*
 * What is read in blocks is what is read byte by byte: the parsers that know blocks, translated here for a CPU that has
 * none, say the same of usual texts, of all their prefixes and of mutated ones, between guard pages.
 */
#undef __SSSE3__

#define credentials_parse  plain_credentials_parse
#define uri_parse	   plain_uri_parse
#define uri_find_parameter plain_uri_find_parameter
#define uri_decode	   plain_uri_decode
#include "credentials_parse.c"
#include "uri_parse.c"
#undef credentials_parse
#undef uri_parse

#include "cmocka_all.h"
#include "guard_page.h"
#include "scan.h"
#include "sip_mutate.h"

enum credentials_result credentials_parse(struct digest_credentials *credentials, struct span value);
bool uri_parse(struct sip_uri *uri, struct span text);

#define TEXT_BYTES 1024
#define MUTATIONS  20000
#define COUNT(row) (uint32_t)(sizeof(row) / sizeof((row)[0]))

static struct guard_page guard;

static const char *const credentials_texts[] = {
	"Digest username=\"1001\", realm=\"acme.example.net\", nonce=\"AQAAAABlX0d3c2l0aW9uLW5vbmNlLWJhc2U2NHVybA\", "
	"uri=\"sip:2001@acme.example.net\", response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5, qop=auth, "
	"nc=00000001, cnonce=\"0a4f113b\"",
	"Digest username=\"1001\",realm=\"acme.example.net\",nonce=\"AQAA\",uri=\"sip:2001@acme.example.net\","
	"response=\"6629fae49393a05397450978507c4ef1\",cnonce=\"f2c9d45a71b0\",nc=0000001F,qop=auth,algorithm=SHA-256,"
	"opaque=\"\"",
	"DIGEST  UserName = \"a\\\"b\" , Realm=\"x\",NONCE=\"n\",uri=sip:a,response=\"0\",stale=false,qop=\"auth\","
	"nc=fffffffe,cnonce=c,opaque=\"a, b=c\",algorithm=\"md5-sess\"",
	"Digest username=u,realm=r,nonce=n,uri=/,response=0",
	"Digest username=\"\",realm=\"sixteen bytes "
	"\\\\\",nonce=\"0123456789abcdef\",uri=\"0123456789abcde\",response=\"\"",
	"Digest nc=0000000:,username=\"u\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"r\",username=\"v\"",
	"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
	/* marks that make up for missing ones */
	"Digest "
	"username=\",realm=\"x\\y\",nonce=\"n\",uri=\"sip:2001@acme.example.net\",response=\"6629fae49393a05397\"",
	"Digest username=\"a\"b\", realm=\"acme.example.net\", nonce=\"n\", uri=\"sip:a\", "
	"response=\"0\",algorithm=md5",
	/* as long as what is read at once, and one more; values without quotes of every kind */
	"Digest username=\"1\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"12345678\"",
	"Digest username=\"1\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"123456789\"",
	"Digest username=\"1\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"0\",qop=auth-int,nc=0000000a,cnonce=\"\","
	"algorithm=sha-256",
	"Digest username=\"1\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"0\",qop=a+sixteen+bytes+,nc=00000010,"
	"cnonce=\"\",algorithm=a-sixteen+bytes++",
};

static const char *const uri_texts[] = {
	"sip:2001@acme.example.net",
	"sip:alice@192.0.2.7:5060",
	"sip:+34944000000@acme.example.net:5061;transport=udp;user=phone",
	"sip:acme.example.net;lr",
	"sip:1001@[2001:db8::7]:5060;transport=udp",
	"sip:alice;x=1:secret@example.com:5070;transport=udp;lr?Subject=a&Route=%3Cb%3E",
	"SIP:%23600@host.example.net:65535",
	"sips:2001@acme.example.net:0",
	"tel:+34944000000;phone-context=example.net",
	"sip:a-user-of-exactly-as-many-bytes@as-a-word-has-bits.example.net",
	"sip:a-user-of-one-byte-less-than-th@as-a-word-has-bits.example.net",
	"sip:192.0.2.255:00005060",
	"sip:2001@host.example.net:65535",
};

static void assert_same_span(struct span a, struct span b)
{
	assert_int_equal(a.length, b.length);
	if (a.length)
		assert_ptr_equal(a.at, b.at);
}

static void compare_credentials(struct span text)
{
	struct digest_credentials a, b;
	enum credentials_result result = credentials_parse(&a, text);

	assert_int_equal(plain_credentials_parse(&b, text), result);
	if (result != CREDENTIALS_OK)
		return;
	assert_same_span(a.username, b.username);
	assert_same_span(a.realm, b.realm);
	assert_same_span(a.nonce, b.nonce);
	assert_same_span(a.uri, b.uri);
	assert_same_span(a.response, b.response);
	assert_same_span(a.cnonce, b.cnonce);
	assert_same_span(a.qop, b.qop);
	assert_same_span(a.nc_text, b.nc_text);
	assert_same_span(a.opaque, b.opaque);
	assert_same_span(a.algorithm_text, b.algorithm_text);
	assert_int_equal(a.nc, b.nc);
	assert_int_equal(a.algorithm, b.algorithm);
}

static void compare_uri(struct span text)
{
	struct sip_uri a, b;
	bool parsed = uri_parse(&a, text);

	assert_int_equal(plain_uri_parse(&b, text), parsed);
	if (!parsed)
		return;
	assert_same_span(a.scheme_text, b.scheme_text);
	assert_same_span(a.user, b.user);
	assert_same_span(a.password, b.password);
	assert_same_span(a.host, b.host);
	assert_same_span(a.parameters, b.parameters);
	assert_same_span(a.headers, b.headers);
	assert_int_equal(a.port, b.port);
	assert_int_equal(a.scheme, b.scheme);
}

typedef void (*compare_fn)(struct span text);

static void compare_between_guards(compare_fn compare, struct span text)
{
	compare(guard_page_place(&guard, text));
	compare(guard_page_place_first(&guard, text));
}

static void compare_all(compare_fn compare, const char *const *texts, uint32_t count)
{
	char bytes[TEXT_BYTES];

	for (uint32_t i = 0; i < count; i++) {
		struct span text = span_of_text(texts[i]);
		for (uint32_t length = 0; length <= text.length; length++)
			compare_between_guards(compare, span_make(text.at, length));
		for (uint32_t seed = 0; seed < MUTATIONS; seed++) {
			memcpy(bytes, text.at, text.length);
			uint32_t length = sip_mutate(bytes, text.length, TEXT_BYTES, span_of_text(texts[seed % count]),
						     seed * count + i);
			compare_between_guards(compare, span_make(bytes, length));
		}
	}
}

static void test_credentials(void **state)
{
	(void)state;
	compare_all(compare_credentials, credentials_texts, COUNT(credentials_texts));
}

static void test_uris(void **state)
{
	(void)state;
	compare_all(compare_uri, uri_texts, COUNT(uri_texts));
}

/* Wherever it stands and whatever it is, a byte of a name ends it or not. */
static void test_every_byte(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < COUNT(uri_texts) + COUNT(credentials_texts); i++) {
		bool is_uri = i < COUNT(uri_texts);
		struct span text = span_of_text(is_uri ? uri_texts[i] : credentials_texts[i - COUNT(uri_texts)]);
		char bytes[TEXT_BYTES];
		memcpy(bytes, text.at, text.length);
		for (uint32_t at = 0; at < text.length; at++) {
			for (uint32_t byte = 0; byte < 256; byte++) {
				bytes[at] = (char)byte;
				(is_uri ? compare_uri : compare_credentials)(span_make(bytes, text.length));
			}
			bytes[at] = text.at[at];
		}
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
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_uris),
		cmocka_unit_test(test_every_byte),
	};
	int failed = cmocka_run_group_tests_name("without AVX2", tests, set_up, tear_down);
	return failed +
	       (scan_select(SCAN_AVX2) ? cmocka_run_group_tests_name("with AVX2", tests, set_up, tear_down) : 0);
}
