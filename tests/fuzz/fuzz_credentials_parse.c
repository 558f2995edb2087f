/* Values of Authorization headers; what is found in them goes through the digest, as on an lcore. */
#include "fuzz_input.h"

#include "credentials_parse.h"
#include "digest.h"
#include "scan.h"
#include "text_write.h"

static bool is_same_text(const struct digest_credentials *a, const struct digest_credentials *b)
{
	return span_equals(a->username, b->username) && span_equals(a->realm, b->realm) &&
	       span_equals(a->nonce, b->nonce) && span_equals(a->uri, b->uri) &&
	       span_equals(a->response, b->response) && span_equals(a->cnonce, b->cnonce) &&
	       span_equals(a->qop, b->qop) && span_equals(a->nc_text, b->nc_text) &&
	       span_equals(a->opaque, b->opaque) && a->nc == b->nc && a->algorithm == b->algorithm;
}

#define FIELDS 9

static void list_fields(struct span fields[FIELDS], const struct digest_credentials *credentials)
{
	const struct span all[FIELDS] = {credentials->username, credentials->realm,    credentials->nonce,
					 credentials->uri,	credentials->response, credentials->cnonce,
					 credentials->qop,	credentials->nc_text,  credentials->opaque};
	memcpy(fields, all, sizeof(all));
}

/* A '\' at the end would take the quote behind it; only a value without quotes can have it. */
static bool ends_in_escape(struct span value)
{
	uint32_t count = 0;
	while (count < value.length && value.at[value.length - 1 - count] == '\\')
		count++;
	return count % 2 == 1;
}

static void write_field(struct text_writer *writer, struct span name, struct span value)
{
	text_write_span(writer, name);
	text_write_literal(writer, "=\"");
	text_write_span(writer, value);
	text_write_literal(writer, "\", ");
}

/* Every field in quotes, empty ones too: it says the same. */
static void check_round_trip(const struct digest_credentials *credentials, struct span value)
{
	static const struct span algorithms[] = {SPAN_LITERAL("MD5"), SPAN_LITERAL("SHA-256"), SPAN_LITERAL("x")};
	struct digest_credentials again;
	uint32_t capacity = value.length + 256;
	char *room = malloc(capacity);
	struct text_writer writer = text_write_begin(room, capacity);

	must(room != NULL);
	text_write_literal(&writer, "digest ");
	write_field(&writer, SPAN_LITERAL("USERNAME"), credentials->username);
	write_field(&writer, SPAN_LITERAL("realm"), credentials->realm);
	write_field(&writer, SPAN_LITERAL("nonce"), credentials->nonce);
	write_field(&writer, SPAN_LITERAL("uri"), credentials->uri);
	write_field(&writer, SPAN_LITERAL("response"), credentials->response);
	write_field(&writer, SPAN_LITERAL("opaque"), credentials->opaque);
	write_field(&writer, SPAN_LITERAL("cnonce"), credentials->cnonce);
	if (credentials->qop.length)
		write_field(&writer, SPAN_LITERAL("qop"), credentials->qop);
	if (credentials->nc_text.length)
		write_field(&writer, SPAN_LITERAL("nc"), credentials->nc_text);
	text_write_literal(&writer, "algorithm=");
	text_write_span(&writer, algorithms[credentials->algorithm]);
	must(!writer.overflowed);
	must(credentials_parse(&again, text_written(&writer)) == CREDENTIALS_OK);
	must(is_same_text(credentials, &again));
	free(room);
}

static void check_fields(const struct digest_credentials *credentials, struct span value)
{
	struct span fields[FIELDS];
	bool is_quotable = true;

	list_fields(fields, credentials);
	for (size_t i = 0; i < FIELDS; i++) {
		fuzz_input_must_hold(value, fields[i]);
		is_quotable &= !ends_in_escape(fields[i]);
	}
	must(credentials->algorithm <= DIGEST_UNKNOWN);
	must(credentials->qop.length == 0 || credentials->nc_text.length == 8);
	if (is_quotable)
		check_round_trip(credentials, value);
}

/* A password that nobody has: the right response would be a find. */
static void check_digest(const struct digest_credentials *credentials, struct span method)
{
	static struct digest_secret secret;

	if (!secret.ha1_md5[0])
		digest_make_secret(&secret, SPAN_LITERAL("alice"), SPAN_LITERAL("acme.example.net"),
				   SPAN_LITERAL("not to be guessed"));
	must(!digest_verify(&secret, credentials, method));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span value = fuzz_input_copy(fuzz_input_span(bytes, length));
	struct digest_credentials credentials, second;

	memset(&credentials, 0xff, sizeof(credentials));
	memset(&second, 0, sizeof(second));
	scan_select(SCAN_SCALAR);
	enum credentials_result result = credentials_parse(&credentials, value);
	scan_select_best();
	must(credentials_parse(&second, value) == result);
	if (result == CREDENTIALS_OK) {
		must(is_same_text(&credentials, &second));
		check_fields(&credentials, value);
		check_digest(&credentials, SPAN_LITERAL("INVITE"));
	}
	fuzz_input_free(value);
	return 0;
}
