#include "cmocka_all.h"
#include "codec.h"

#include <sodium.h>
#include <stdlib.h>

#include "guard_page.h"
#include "keyed_hash.h"
#include "seal_dialog.h"
#include "short_aes.h"
#include "text_write.h"

static struct secret_keys keys = {
	.cookie = {.id = {3, 2}, .key = {"the new key of thirty-two bytes", "the old key, of as many as those"}},
	.tag_key = "tag key, never..",
};
static const struct span call_id = SPAN_LITERAL("3848276298220188511@192.0.2.4");
static struct guard_page text_page, plain_page;
static char *plain;

static struct dialog_cookie usual_cookie(void)
{
	struct dialog_cookie cookie = {
		.company = 4711,
		.call = 0x0000000700012345,
		.codecs = 0x4400000000000002,
		.caller_tag_hash = 0xdeadbeef,
		.flags = DIALOG_CALLER_FLOW,
		.caller_flow = {.port = 40001, .transport = TRANSPORT_UDP},
		.caller_from = SPAN_LITERAL("\"Alice\" <sip:2001@acme.example.net>"),
		.caller_to = SPAN_LITERAL("<sip:0034911234567@acme.example.net>"),
		.callee_from = SPAN_LITERAL("\"Alice\" <sip:2001@acme.example.net>"),
		.callee_to = SPAN_LITERAL("<sip:madrid@acme.example.net>"),
	};

	net_address_set_v4(cookie.caller_flow.ip, "\xc0\x00\x02\x04");
	net_address_set_v4(cookie.caller_entry.ip, "\xc6\x33\x64\x01");
	cookie.caller_entry.interface = 1;
	return cookie;
}

static void assert_same_dialog(const struct dialog_cookie *a, const struct dialog_cookie *b)
{
	assert_int_equal(a->company, b->company);
	assert_int_equal(a->call, b->call);
	assert_int_equal(a->codecs, b->codecs);
	assert_int_equal(a->caller_tag_hash, b->caller_tag_hash);
	assert_int_equal(a->caller_tag_is_siphashed, b->caller_tag_is_siphashed);
	assert_int_equal(a->flags, b->flags);
	assert_memory_equal(&a->caller_flow, &b->caller_flow, sizeof(a->caller_flow));
	assert_memory_equal(&a->callee_flow, &b->callee_flow, sizeof(a->callee_flow));
	assert_memory_equal(&a->caller_entry, &b->caller_entry, sizeof(a->caller_entry));
	assert_memory_equal(&a->callee_entry, &b->callee_entry, sizeof(a->callee_entry));
	assert_span_equal(a->caller_from, b->caller_from);
	assert_span_equal(a->caller_to, b->caller_to);
	assert_span_equal(a->callee_from, b->callee_from);
	assert_span_equal(a->callee_to, b->callee_to);
}

/* Seals and opens with text and plain against unreadable pages; returns the text. */
static struct span seal(const struct dialog_cookie *cookie, char text[ROUTE_COOKIE_TEXT_BYTES_MAX])
{
	struct dialog_cookie opened;
	int length = seal_dialog(text, ROUTE_COOKIE_TEXT_BYTES_MAX, cookie, &keys, call_id);

	assert_true(length > 0);
	struct span sealed = guard_page_place(&text_page, span_make(text, (size_t)length));
	assert_true(route_cookie_open_dialog(&opened, plain, sealed, &keys, call_id));
	assert_same_dialog(&opened, cookie);
	return span_make(text, (size_t)length);
}

static bool opens(struct span text)
{
	struct dialog_cookie cookie;
	return route_cookie_open_dialog(&cookie, plain, text, &keys, call_id);
}

static void a_dialog_comes_back(void **state)
{
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct dialog_cookie cookie = usual_cookie();

	(void)state;
	struct span sealed = seal(&cookie, text);
	assert_true(sealed.length < (*sealed.at == '.' ? 180 : 200));
	for (uint32_t i = 0; i < sealed.length; i++) /* may stand in a URI parameter as it is */
		assert_non_null(
			strchr(".ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", sealed.at[i]));
	assert_null(memmem(sealed.at, sealed.length, "acme", 4));
}

/* Changing a part that texts share costs that part once more, not the whole text. */
static void what_texts_share_is_stored_once(void **state)
{
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct dialog_cookie cookie = usual_cookie();

	(void)state;
	uint32_t equal = seal(&cookie, text).length;
	cookie.callee_from = SPAN_LITERAL("\"Bobby\" <sip:2001@acme.example.net>");
	assert_in_range(seal(&cookie, text).length - equal, 6, 8);
	cookie.callee_from = cookie.caller_from;
	cookie.callee_from.length = 0;
	assert_true(seal(&cookie, text).length <= equal + 1);
}

/* Shared beginnings and ends that would overlap in the shorter text. */
static void overlapping_repetitions_come_back(void **state)
{
	static const char run[] = "aaaaaaaaaaaaaaaa";
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];

	(void)state;
	for (uint32_t i = 0; i < 16 * 16 * 16; i++) {
		struct dialog_cookie cookie = {.caller_from = span_make(run, i % 16),
					       .caller_to = span_make(run, i / 16 % 16),
					       .callee_to = span_make(run, i / 256)};
		seal(&cookie, text);
	}
}

/* What is shared ends at every place of texts of every length. */
static void texts_that_differ_in_one_byte_come_back(void **state)
{
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX], one[40], other[40];

	(void)state;
	memset(one, 'a', sizeof(one));
	memset(other, 'a', sizeof(other));
	for (uint32_t length = 1; length <= sizeof(one); length++)
		for (uint32_t i = 0; i < length; i++) {
			other[i] = 'b';
			struct dialog_cookie cookie = {.caller_from = span_make(one, length),
						       .caller_to = span_make(other, length),
						       .callee_from = span_make(other + i, length - i),
						       .callee_to = span_make(one, length - i)};
			seal(&cookie, text);
			other[i] = 'a';
		}
}

static void random_dialogs_come_back(void **state)
{
	static char bytes[400];
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)rand();
	for (int round = 0; round < 4000; round++) {
		struct dialog_cookie cookie = {.company = ((uint64_t)rand() << 33 ^ (uint64_t)rand()) >> (rand() % 64),
					       .call = ((uint64_t)rand() << 33 ^ (uint64_t)rand()) >> (rand() % 64),
					       .codecs = (uint64_t)rand() << 33 ^ (uint64_t)rand(),
					       .caller_tag_hash = (uint32_t)rand(),
					       .flags = (uint8_t)(rand() % 4)};
		struct span *texts[] = {&cookie.caller_from, &cookie.caller_to, &cookie.callee_from, &cookie.callee_to};
		struct net_address *flows[] = {&cookie.caller_flow, &cookie.callee_flow};
		struct net_entry *entries[] = {&cookie.caller_entry, &cookie.callee_entry};
		for (int i = 0; i < 4; i++)
			*texts[i] = span_make(bytes + rand() % 150, (size_t)(rand() % 4 ? rand() % 60 : rand() % 240));
		if (rand() % 2)
			cookie.callee_from = cookie.caller_from;
		if (rand() % 2)
			cookie.callee_to = cookie.caller_to;
		for (int i = 0; i < 2; i++) {
			if (!(cookie.flags & (1 << i)))
				continue;
			memcpy(flows[i]->ip, bytes + rand() % 300, 16);
			memcpy(entries[i]->ip, bytes + rand() % 300, 16);
			if (rand() % 2) {
				net_address_set_v4(flows[i]->ip, bytes + rand() % 100);
				net_address_set_v4(entries[i]->ip, bytes + rand() % 100);
			}
			entries[i]->interface = (uint16_t)(rand() % 16);
			flows[i]->port = (uint16_t)rand();
			flows[i]->transport = (uint8_t)(rand() % 3);
		}
		seal(&cookie, text);
	}
}

static void every_changed_byte_is_refused(void **state)
{
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct dialog_cookie cookie = usual_cookie();
	struct span sealed = seal(&cookie, text);

	(void)state;
	for (uint32_t at = 0; at < sealed.length; at++) {
		char right = text[at];
		for (int change = 0; change < 40; change++) {
			text[at] = (char)(change < 8 ? right ^ (1 << change) : rand());
			if (text[at] != right)
				assert_false(opens(sealed));
		}
		text[at] = right;
	}
	for (uint32_t length = 0; length < sealed.length; length++)
		assert_false(opens(guard_page_place(&text_page, span_make(text, length))));
	text[sealed.length] = 'A';
	assert_false(opens(span_make(text, sealed.length + 1)));
	text[sealed.length] = '=';
	assert_false(opens(span_make(text, sealed.length + 1)));
	assert_true(opens(sealed));
}

static void random_texts_are_refused(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	static char text[3 * ROUTE_COOKIE_TEXT_BYTES_MAX];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		uint32_t length = (uint32_t)rand() % (round % 10 ? 300 : sizeof(text));
		for (uint32_t i = 0; i < length; i++)
			text[i] = digits[rand() % 64];
		if (round % 2)
			text[0] = '.';
		assert_false(opens(span_make(text, length)));
	}
}

static void belongs_to_its_call(void **state)
{
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct dialog_cookie cookie = usual_cookie();
	struct span sealed = seal(&cookie, text);

	(void)state;
	assert_false(
		route_cookie_open_dialog(&cookie, plain, sealed, &keys, SPAN_LITERAL("3848276298220188511@192.0.2.5")));
	assert_false(route_cookie_open_dialog(&cookie, plain, sealed, &keys, (struct span){0}));
}

/* Seals any contents as the source says, so that they can be wrong ones: what a broken node of the cluster might send.
 */
static struct span seal_contents(char text[ROUTE_COOKIE_TEXT_BYTES_MAX], struct span contents)
{
	uint8_t raw[1 + 12 + ROUTE_COOKIE_PLAIN_BYTES_MAX + 16] = {0x80 | 3, 'n'}, call_key[32];
	const uint8_t *secret = keys.cookie.key[0];
	struct text_writer writer = text_write_begin(text, ROUTE_COOKIE_TEXT_BYTES_MAX);
	struct keyed_hash hash;

	keyed_hash_begin(&hash, secret, 'k');
	keyed_hash_add_number(&hash, 0x80);
	keyed_hash_add(&hash, call_id);
	keyed_hash_finish(&hash, call_key);
	crypto_shorthash_siphashx24(call_key + 16, call_key, 16, secret + 16);
	crypto_aead_chacha20poly1305_ietf_encrypt(raw + 13, NULL, (const uint8_t *)contents.at, contents.length,
						  (const uint8_t *)call_id.at, call_id.length, NULL, raw + 1, call_key);
	text_write_base64url(&writer, raw, 13 + contents.length + 16);
	return text_written(&writer);
}

/* What stands in front of the texts: kind, flags, company 1, call 9, the tag's hash. Behind two texts: two empty ones.
 */
#define HEAD "\3\0\1\11\0\0\0\0\0\0\0hash"
#define TAIL "\0\0\0\0\0\0"
/* The flow of a caller at 192.0.2.4:5060, which came in at 10.0.0.1 on interface 1. */
#define FLOW_V4 "\300\0\2\4\023\304\12\0\0\1\1"

static void contents_are_not_trusted(void **state)
{
	static const struct {
		struct span contents;
		bool opens;
	} rows[] = {
		{SPAN_LITERAL(HEAD "\0\0\3abc\2\0\1d" TAIL), true}, /* "abc", then "ab" of it and "d" */
		{SPAN_LITERAL("\0\0\1\11\0\0\0\0\0\0\0hash\0\0\3abc\2\0\1d" TAIL), false},
		{SPAN_LITERAL("\1\0\1\11\0\0\0\0\0\0\0hash\0\0\3abc\2\0\1d" TAIL), false},
		{SPAN_LITERAL("\4\0\1\11\0\0\0\0\0\0\0hash\0\0\3abc\2\0\1d" TAIL), false},
		{SPAN_LITERAL(HEAD "\0\0\3abc\2\0\1d" TAIL "x"), false},
		{SPAN_LITERAL(HEAD "\0\0\3abc\2\0\1d\0\0\0\0\0"), false},
		{SPAN_LITERAL(HEAD "\0\0\3abc\2\0\1d\0\0\0"), false},
		{SPAN_LITERAL(HEAD "\0\0\3abc\2\0\7d" TAIL), false},
		{SPAN_LITERAL(HEAD "\0\0\3abc\2\0"), false},
		{SPAN_LITERAL(HEAD "\0\0\3abc\2\1\1d" TAIL), true},
		{SPAN_LITERAL(HEAD "\0\0\3abc\2\2\1d" TAIL), false}, /* share more than there is */
		{SPAN_LITERAL(HEAD "\0\0\3abc\4\0\1d" TAIL), false},
		{SPAN_LITERAL(HEAD "\0\0\3abc\0\4\1d" TAIL), false},
		{SPAN_LITERAL(HEAD "\0\1\3abc\0\0\1d" TAIL), false}, /* the first has nothing to share with */
		{SPAN_LITERAL(HEAD "\0\0\3abc\0\377\377\377\377\377\377\377\377\377\1\0" TAIL), false},
		{SPAN_LITERAL(HEAD "\0\0\377\377\377\377\377\377\377\377\377\1abc\0\0\0" TAIL), false},
		{SPAN_LITERAL(HEAD "\0\0\377"), false},
		{SPAN_LITERAL(HEAD "\0\0\3abc\2\0\1d\0\0\0\0\3\0"), true}, /* all of "abd" */
		{SPAN_LITERAL(HEAD "\0\0\3abc\2\0\1d\0\0\0\0\4\0"), false},
		{SPAN_LITERAL("\3\1\1\11\0\0\0\0\0\0\0hash\0\0\3abc\2\0\1d" TAIL),
		 false}, /* a flow that is not there */
		{SPAN_LITERAL("\3\1\0" FLOW_V4 "\1\11\0\0\0\0\0\0\0hash\0\0\3abc\2\0\1d" TAIL), true},
		{SPAN_LITERAL("\3\1\10" FLOW_V4 "\1\11\0\0\0\0\0\0\0hash\0\0\3abc\2\0\1d" TAIL),
		 false}, /* an unknown kind */
		{SPAN_LITERAL("\3\1\4" FLOW_V4 "\1\11\0\0\0\0\0\0\0hash\0\0\3abc\2\0\1d" TAIL),
		 false}, /* IPv6: longer */
		{SPAN_LITERAL("\3\1\4"
			      "0123456789abcdef\023\304"
			      "0123456789abcdef\1"
			      "\1\11\0\0\0\0\0\0\0hash\0\0\3abc\2\0\1d" TAIL),
		 true},
		{SPAN_LITERAL("\3\1\0\300\0"), false},
		{SPAN_LITERAL("\4\0\1\11\0\0\0\0\0\0\0codecs!!hash\0\0\3abc\2\0\1d" TAIL), true},
		{SPAN_LITERAL("\4\0\1\11\0\0\0\0\0\0\0hash\0\0\3abc\2\0\1d" TAIL), false}, /* as kind 3 */
		{SPAN_LITERAL("\5\0\1\0\0\0\0\0\0\0\11\0\0\0\0\0\0\0codecs!!hash\0\0\3abc\2\0\1d" TAIL), true},
		{SPAN_LITERAL("\5\0\1\11\0\0\0\0\0\0\0codecs!!hash\0\0\3abc\2\0\1d" TAIL), false}, /* as kind 4 */
		{SPAN_LITERAL("\6\0\1\11\0\0\0\0\0\0\0codecs!!hash\0\0\3abc\2\0\1d" TAIL), false},
		{SPAN_LITERAL("\1\0\1\11\0\0\0\0\0\0\0codecs!!hash\0\0\3abc\2\0\1d" TAIL), false},
		{SPAN_LITERAL(HEAD), false},
		{SPAN_LITERAL("\3\0\1\11\0\0\0\0\0\0\0has"), false},
		{SPAN_LITERAL("\3\0\1"), false},
		{SPAN_LITERAL("\3\0"), false},
		{SPAN_LITERAL("\3"), false},
		{SPAN_LITERAL("\4\0\1\11\0\0\0\0\0\0\0codecs!"), false},
	};
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (opens(seal_contents(text, rows[i].contents)) != rows[i].opens)
			fail_msg("row %zu", i);
}

/* Dialogs that began before calls had a name (kind 2), before codecs were chosen (kind 3), when tags were hashed by
 * SipHash (kind 4) go on. */
static void a_dialog_of_before_opens(void **state)
{
#define TEXTS "\0\0\13<sip:a@b.c>\6\0\4x@d>\13\0\0\6\3\1y"
	static const struct span contents[] = {
		SPAN_LITERAL("\2\1\0" FLOW_V4 "\347\44\357\276\255\336" TEXTS),
		SPAN_LITERAL("\3\1\0" FLOW_V4 "\347\44\7\0\0\0\0\0\0\0\357\276\255\336" TEXTS),
		SPAN_LITERAL("\4\1\0" FLOW_V4 "\347\44\7\0\0\0\0\0\0\0\2\0\0\0\0\0\0\104\357\276\255\336" TEXTS),
	};
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct dialog_cookie opened = {.call = 5}, expected = {
							   .company = 4711,
							   .codecs = CODEC_SET_ALL,
							   .caller_tag_hash = 0xdeadbeef,
							   .caller_tag_is_siphashed = true,
							   .flags = DIALOG_CALLER_FLOW,
							   .caller_flow = {.port = 5060, .transport = TRANSPORT_UDP},
							   .caller_from = SPAN_LITERAL("<sip:a@b.c>"),
							   .caller_to = SPAN_LITERAL("<sip:ax@d>"),
							   .callee_from = SPAN_LITERAL("<sip:a@b.c>"),
							   .callee_to = SPAN_LITERAL("<sip:ay@d>"),
						   };

	(void)state;
	net_address_set_v4(expected.caller_flow.ip, "\xc0\x00\x02\x04");
	net_address_set_v4(expected.caller_entry.ip, "\x0a\x00\x00\x01");
	expected.caller_entry.interface = 1;
	for (uint32_t i = 0; i < 3; i++) {
		expected.call = i == 0 ? 0 : 7;
		expected.codecs = i < 2 ? CODEC_SET_ALL : 0x4400000000000002;
		struct span sealed = seal_contents(text, contents[i]);
		assert_true(route_cookie_open_dialog(&opened, plain, sealed, &keys, call_id));
		assert_same_dialog(&opened, &expected);
	}
}

/* What amity sealed before it had the form that it has now, for usual_cookie(): with AES and without. */
static void texts_of_before_open(void **state)
{
	static const char gcm[] =
		"AxEVtqHbFQvOBBz6w7lboNmBsh3qJTfnj6pRxnO2izvsf0-WIzBTbPkScVa8nIcWw1kxauhJVHDlVcNhGCwadqGI"
		"DyPii9E3BHsf-fZc0PXDolMQjqkJDLMut7zDVjtWWQWvxAeSPD3i8andPqmmmgVM49K4QDrX6WW5adxTyonsLW1w"
		"PIdSsA";
	static const char chacha[] = "gwIlgb3-qn8B0NZTM6LRh8MMWzFjKTxlbx9SPLDYE9MWRsp2sm-kwj8un9dNZF2WO1nZPQDB-Eik_"
				     "CEVWRsvLX-YnbgBs0MSKKPzYnZn"
				     "WuGTTCI0jpOriKnZGP_tz7M0SM10OkDesn4rs6Iasd6C4dJd6-vcje8upJ6KxDlvzAv_dCvt7_lAiQ";
	static const char siv[] =
		".AyzVwzt470Dte1hZgDfwIUzRpUwDUZPL4gQhT46AtXFnsEOk9tPX2omhXzt1huK9EIHkYFVisPDGuCpGtWv4WdMRbarsh55MSqCAJ"
		"qnrg-Y0E6X2nzF9xim0r_uADnGCyU5g9RCXS3xs7dnAJ6faSjkFFirGFwZhGkb1PQ";
	struct dialog_cookie opened, expected = usual_cookie();

	(void)state;
	expected.caller_tag_is_siphashed = true;
	assert_true(route_cookie_open_dialog(&opened, plain, SPAN_LITERAL(chacha), &keys, call_id));
	assert_same_dialog(&opened, &expected);
	bool has_aes = crypto_aead_aes256gcm_is_available();
	assert_int_equal(route_cookie_open_dialog(&opened, plain, SPAN_LITERAL(gcm), &keys, call_id), has_aes);
	assert_same_dialog(&opened, &expected);
	assert_int_equal(route_cookie_open_dialog(&opened, plain, SPAN_LITERAL(siv), &keys, call_id), has_aes);
	assert_same_dialog(&opened, &expected);
	assert_false(route_cookie_open_dialog(&opened, plain, SPAN_LITERAL(gcm), &keys, SPAN_LITERAL("another")));
}

/* What is sealed today must open tomorrow. */
static void a_text_of_now_is_known(void **state)
{
	static const char known[] =
		".g8b1sNmEQ-Y1HV-TJMj3UkrP78Ar7C9ozo4tuvc4HfRJOp27F575tASUDVhhRJTbHviiZBKY_af-8Scpj22np-U2qGXaxX0bndI5"
		"LO3_wI10N6kLLXh2aUuk-aa15IFtasO1VBpZanehSbb4uBqw_tvIRU4FARZTe8fzQ_7H9hztCw";
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct dialog_cookie cookie = usual_cookie();

	(void)state;
	if (short_aes_is_available())
		assert_span_equal(seal(&cookie, text), SPAN_LITERAL(known));
	else
		assert_false(opens(SPAN_LITERAL(known))); /* a node without AES */
}

/* Contents that are nearly right, and texts that would grow beyond the buffer: nothing is read or written outside. */
static void random_contents_stay_inside(void **state)
{
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX], contents[ROUTE_COOKIE_PLAIN_BYTES_MAX];
	struct dialog_cookie cookie;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint32_t length = 1 + (uint32_t)rand() % (round % 16 ? 60 : sizeof(contents));
		for (uint32_t i = 0; i < length; i++)
			contents[i] = (char)(rand() % 4 ? rand() % 8 : rand());
		contents[0] = (char)(2 + round % 4);
		opens(seal_contents(text, span_make(contents, length)));
	}

	/* 900 bytes and the same again with an end of its own: sealed in a few bytes, but two of them do not fit
	 * `plain`; the very same need no room. */
	memset(contents, 'a', sizeof(contents));
	memcpy(contents, HEAD "\0\0\204\7", 19);
	memcpy(contents + 919, "\204\7\0\1x" TAIL, 11);
	assert_false(opens(seal_contents(text, span_make(contents, 930))));
	memcpy(contents + 919, "\204\7\0\0" TAIL, 10);
	assert_true(route_cookie_open_dialog(&cookie, plain, seal_contents(text, span_make(contents, 929)), &keys,
					     call_id));
	assert_span_equal(cookie.caller_to, cookie.caller_from);
	for (uint32_t own = 1; own <= 4; own++) { /* 120 fit, and 124 with those */
		memcpy(contents + 919, "\170\0", 2);
		contents[921] = (char)own;
		memcpy(contents + 922, "xxxx", 4);
		memcpy(contents + 922 + own, TAIL, 6);
		assert_true(route_cookie_open_dialog(
			&cookie, plain, seal_contents(text, span_make(contents, 928 + own)), &keys, call_id));
		assert_int_equal(cookie.caller_to.length, 120 + own);
		assert_memory_equal(cookie.caller_to.at + 120, "xxxx", own);
	}
}

/* A retransmitted request must leave as it left before (RFC 3261 16.11); two texts never share the cipher's nonce. */
static void the_same_contents_get_the_same_bytes(void **state)
{
	struct dialog_cookie cookie = usual_cookie(), other = cookie;
	char text[4][ROUTE_COOKIE_TEXT_BYTES_MAX];

	(void)state;
	other.call++;
	int length = seal_dialog(text[0], sizeof(text[0]), &cookie, &keys, call_id);
	assert_int_equal(seal_dialog(text[1], sizeof(text[1]), &cookie, &keys, call_id), length);
	assert_int_equal(seal_dialog(text[2], sizeof(text[2]), &other, &keys, call_id), length);
	assert_int_equal(seal_dialog(text[3], sizeof(text[3]), &cookie, &keys, SPAN_LITERAL("another call")), length);
	assert_memory_equal(text[0], text[1], (size_t)length);
	assert_memory_not_equal(text[0] + 2, text[2] + 2, 16); /* the cipher's nonce differs, not only what it hides */
	assert_memory_not_equal(text[0] + 2, text[3] + 2, 16);
}

static void outlives_one_rotation(void **state)
{
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct secret_keys first = keys;
	struct dialog_cookie cookie = usual_cookie();
	struct span sealed = seal(&cookie, text);
	uint32_t hash = route_cookie_hash_tag(&keys, SPAN_LITERAL("9fxced76sl"));

	(void)state;
	keys.cookie = (struct rotating_key){.id = {4, 3}, .key = {"a newer key of thirty-two bytes"}};
	memcpy(keys.cookie.key[1], first.cookie.key[0], SECRET_KEY_BYTES);
	assert_true(opens(sealed));
	assert_int_equal(route_cookie_hash_tag(&keys, SPAN_LITERAL("9fxced76sl")), hash);
	assert_int_not_equal(route_cookie_hash_tag(&keys, SPAN_LITERAL("9fxced76sL")), hash);
	keys.cookie.id[1] = 2;
	assert_false(opens(sealed));
	keys.cookie = (struct rotating_key){.id = {4, 3}, .key = {"a newer key of thirty-two bytes"}};
	assert_false(opens(sealed));
	keys = first;
}

static void the_bounds_are_reached(void **state)
{
	static char bytes[ROUTE_COOKIE_PLAIN_BYTES_MAX], text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct dialog_cookie cookie = {0}, opened;
	const uint32_t framing =
		6 + 8 + 8 + 8 + 4 + 3 * 3; /* kind to hash, three lengths of a long text, three of three empty ones */

	(void)state;
	cookie.caller_from = span_make(bytes, sizeof(bytes) - framing);
	int length = seal_dialog(text, sizeof(text), &cookie, &keys, call_id);
	assert_int_equal(length, short_aes_is_available() ? 1389 : 1404);
	assert_true(route_cookie_open_dialog(&opened, plain, span_make(text, (size_t)length), &keys, call_id));
	assert_span_equal(opened.caller_from, cookie.caller_from);
	for (int room = 0; room<length; room += room> length - 5 ? 1 : 13)
		assert_int_equal(
			seal_dialog(guard_page_room(&text_page, (size_t)room), (uint32_t)room, &cookie, &keys, call_id),
			-1);
	cookie.caller_from.length++;
	assert_int_equal(seal_dialog(text, sizeof(text), &cookie, &keys, call_id), -1);

	/* Stored once, but opened they must fit: two halves do, one byte more does not. */
	cookie.caller_from.length = cookie.caller_to.length = sizeof(bytes) / 2;
	cookie.caller_to.at = bytes;
	length = seal_dialog(text, sizeof(text), &cookie, &keys, call_id);
	assert_true(route_cookie_open_dialog(&opened, plain, span_make(text, (size_t)length), &keys, call_id));
	assert_span_equal(opened.caller_to, cookie.caller_to);
	cookie.caller_to.length++;
	assert_int_equal(seal_dialog(text, sizeof(text), &cookie, &keys, call_id), -1);
}

#define VARIANT_TEXT_BYTES 70 /* VAES takes texts of up to 63 together */

static bool has_both_variants(void)
{
	enum short_aes_variant before = short_aes_selected();
	bool has_vaes = short_aes_is_available() && short_aes_select(SHORT_AES_VAES);

	short_aes_select(before);
	if (!has_vaes)
		print_message("skipped: this CPU has no VAES with AVX-512 VBMI, or is said to have no AES\n");
	return has_vaes;
}

/* Contents of all lengths, with little room and with much; Call-IDs around the sizes of parts and groups. */
static void each_variant_seals_the_same(void **state)
{
	static char bytes[ROUTE_COOKIE_PLAIN_BYTES_MAX], expected[2 * ROUTE_COOKIE_TEXT_BYTES_MAX];
	enum short_aes_variant before = short_aes_selected();
	struct guard_page room_page, call_page;

	(void)state;
	if (!has_both_variants())
		skip();
	guard_page_build(&room_page, sizeof(expected));
	guard_page_build(&call_page, 200);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)rand();
	for (uint32_t length = 0; length <= sizeof(bytes); length++) {
		struct span plain_text = span_make(bytes, length), call = span_make(bytes + 7, length * 7 % 150);
		struct text_writer writer = text_write_begin(expected, sizeof(expected));
		short_aes_select(SHORT_AES_NI);
		int text_length = route_cookie_seal(&writer, plain_text, &keys.cookie, call);
		short_aes_select(SHORT_AES_VAES);
		for (uint32_t more = 0; more <= 256; more++) {
			uint32_t room = (uint32_t)text_length + more;
			if (more > 2 && more < 254 && length % 64)
				continue;
			writer = text_write_begin(guard_page_room(&room_page, room), room);
			assert_int_equal(route_cookie_seal(&writer, plain_text, &keys.cookie,
							   more % 2 ? guard_page_place(&call_page, call)
								    : guard_page_place_first(&call_page, call)),
					 text_length);
			assert_memory_equal(writer.at, expected, (size_t)text_length);
		}
	}
	short_aes_select(before);
	guard_page_free(&room_page);
	guard_page_free(&call_page);
}

/* Much that is shared, at the beginning, at the end, in the middle and nowhere. */
static struct span vary_text(struct guard_page *page, uint32_t choice)
{
	char text[VARIANT_TEXT_BYTES];
	uint32_t length = (uint32_t)rand() % (VARIANT_TEXT_BYTES + 1);

	if (choice % 4 == 0) /* the longest that are taken together, and the next ones */
		length = 61 + (uint32_t)rand() % 5;
	memset(text, 'a', sizeof(text));
	for (uint32_t i = (uint32_t)rand() % 3; i && length; i--)
		text[(uint32_t)rand() % length] = 'b';
	return choice % 2 ? guard_page_place(page, span_make(text, length))
			  : guard_page_place_first(page, span_make(text, length));
}

static void each_variant_puts_the_same_contents(void **state)
{
	enum short_aes_variant before = short_aes_selected();
	char expected[ROUTE_COOKIE_CONTENTS_ROOM], got[ROUTE_COOKIE_CONTENTS_ROOM];
	struct dialog_cookie cookie = usual_cookie();
	struct guard_page page[4];

	(void)state;
	if (!has_both_variants())
		skip();
	for (uint32_t i = 0; i < 4; i++)
		guard_page_build(&page[i], VARIANT_TEXT_BYTES);
	for (uint32_t i = 0; i < 200000; i++) {
		cookie.caller_from = vary_text(&page[0], i);
		cookie.caller_to = vary_text(&page[1], i / 4);
		cookie.callee_from = vary_text(&page[2], i / 16);
		cookie.callee_to = vary_text(&page[3], i / 64);
		short_aes_select(SHORT_AES_NI);
		int length = route_cookie_put_dialog(expected, &cookie);
		short_aes_select(SHORT_AES_VAES);
		assert_int_equal(route_cookie_put_dialog(got, &cookie), length);
		assert_memory_equal(got, expected, (size_t)length);
	}
	short_aes_select(before);
	for (uint32_t i = 0; i < 4; i++)
		guard_page_free(&page[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dialog_comes_back),
		cmocka_unit_test(what_texts_share_is_stored_once),
		cmocka_unit_test(overlapping_repetitions_come_back),
		cmocka_unit_test(texts_that_differ_in_one_byte_come_back),
		cmocka_unit_test(random_dialogs_come_back),
		cmocka_unit_test(every_changed_byte_is_refused),
		cmocka_unit_test(random_texts_are_refused),
		cmocka_unit_test(belongs_to_its_call),
		cmocka_unit_test(contents_are_not_trusted),
		cmocka_unit_test(a_dialog_of_before_opens),
		cmocka_unit_test(texts_of_before_open),
		cmocka_unit_test(a_text_of_now_is_known),
		cmocka_unit_test(random_contents_stay_inside),
		cmocka_unit_test(the_same_contents_get_the_same_bytes),
		cmocka_unit_test(outlives_one_rotation),
		cmocka_unit_test(the_bounds_are_reached),
		cmocka_unit_test(each_variant_seals_the_same),
		cmocka_unit_test(each_variant_puts_the_same_contents),
	};

	guard_page_build(&text_page, ROUTE_COOKIE_TEXT_BYTES_MAX);
	guard_page_build(&plain_page, ROUTE_COOKIE_PLAIN_BYTES_MAX);
	plain = guard_page_room(&plain_page, ROUTE_COOKIE_PLAIN_BYTES_MAX);

	/* Before sodium_init() libsodium has found no AES: what a node without it does. */
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct dialog_cookie cookie = usual_cookie();
	int length = seal_dialog(text, sizeof(text), &cookie, &keys, call_id);
	if (crypto_aead_aes256gcm_is_available() ||
	    cmocka_run_group_tests_name("ChaCha20-Poly1305", tests, NULL, NULL) != 0)
		return 1;
	if (sodium_init() < 0 || !crypto_aead_aes256gcm_is_available()) {
		print_message("AES-256-GCM: not tested, this CPU has no AES\n");
		return 0;
	}
	if (!opens(span_make(text, (size_t)length))) {
		print_error("a text of a node without AES does not open on a node with it\n");
		return 1;
	}
	int failed = cmocka_run_group_tests_name("AES-256-GCM", tests, NULL, NULL);
	if (!short_aes_select(SHORT_AES_VAES)) {
		print_message("VAES: not tested, this CPU has none, or no AVX-512 VBMI\n");
		return failed;
	}
	return failed + cmocka_run_group_tests_name("VAES", tests, NULL, NULL);
}
