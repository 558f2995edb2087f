#include "cmocka_all.h"

#include <sodium.h>

#include "guard_page.h"
#include "nonce.h"
#include "short_aes.h"

#define NOW_S 1800000000u

static struct rotating_key keys = {.id = {7, 6},
				   .key = {"new key: sixteenand sixteen: new", "old key: sixteenand sixteen: old"}};
static const struct span realm = SPAN_LITERAL("acme.example.net"),
			 call_id = SPAN_LITERAL("3848276298220188511@192.0.2.4");

static bool verifies(struct span text, uint32_t now_s)
{
	uint32_t issued_s = 1;
	bool ours = nonce_verify(&issued_s, text, &keys, now_s, &(struct nonce_scope){realm, call_id});

	assert_int_equal(issued_s, ours ? NOW_S : 1);
	return ours;
}

static struct span issue(char text[NONCE_TEXT_BYTES])
{
	nonce_issue(text, &keys, NOW_S, &(struct nonce_scope){realm, call_id}, 1);
	return span_make(text, NONCE_TEXT_BYTES);
}

/* A phone that unregisters and registers at once, under one Call-ID: two challenges, two nonces, both ours. */
static void two_challenges_of_one_second_differ(void **state)
{
	char first[NONCE_TEXT_BYTES], second[NONCE_TEXT_BYTES];
	struct nonce_scope scope = {realm, call_id};

	(void)state;
	nonce_issue(first, &keys, NOW_S, &scope, 1);
	nonce_issue(second, &keys, NOW_S, &scope, 2);
	assert_memory_not_equal(first, second, NONCE_TEXT_BYTES);
	assert_true(verifies(span_make(second, NONCE_TEXT_BYTES), NOW_S));
	nonce_issue(second, &keys, NOW_S, &scope, 1);
	assert_memory_equal(first, second, NONCE_TEXT_BYTES);
}

static void lives_for_its_time(void **state)
{
	char text[NONCE_TEXT_BYTES];
	struct span nonce = issue(text);

	(void)state;
	assert_true(verifies(nonce, NOW_S));
	assert_true(verifies(nonce, NOW_S + NONCE_LIFE_S));
	assert_false(verifies(nonce, NOW_S + NONCE_LIFE_S + 1));
	assert_true(verifies(nonce, NOW_S - 2));
	assert_false(verifies(nonce, NOW_S - 3));
	assert_false(verifies(nonce, 0));
	assert_false(verifies(nonce, UINT32_MAX));
	for (uint32_t round = 1; round < 4; round++) /* the half of the time that it has comes again */
		for (uint32_t late_s = 0; late_s < NONCE_LIFE_S; late_s += 7)
			assert_false(verifies(nonce, NOW_S + (round << 16) + late_s));
}

static void belongs_to_realm_and_call(void **state)
{
	char text[NONCE_TEXT_BYTES];
	struct span nonce = issue(text), other = SPAN_LITERAL("other.example.net");
	uint32_t issued_s;

	(void)state;
	assert_false(nonce_verify(&issued_s, nonce, &keys, NOW_S, &(struct nonce_scope){other, call_id}));
	assert_false(nonce_verify(&issued_s, nonce, &keys, NOW_S, &(struct nonce_scope){realm, other}));
	assert_false(nonce_verify(&issued_s, nonce, &keys, NOW_S, &(struct nonce_scope){call_id, realm}));

	/* the border between the two is part of the MAC */
	nonce_issue(text, &keys, NOW_S, &(struct nonce_scope){SPAN_LITERAL("ab"), SPAN_LITERAL("c")}, 1);
	assert_true(nonce_verify(&issued_s, nonce, &keys, NOW_S,
				 &(struct nonce_scope){SPAN_LITERAL("ab"), SPAN_LITERAL("c")}));
	assert_false(nonce_verify(&issued_s, nonce, &keys, NOW_S,
				  &(struct nonce_scope){SPAN_LITERAL("a"), SPAN_LITERAL("bc")}));
	assert_false(nonce_verify(&issued_s, nonce, &keys, NOW_S,
				  &(struct nonce_scope){SPAN_LITERAL("abc"), (struct span){0}}));
}

static void every_bit_counts(void **state)
{
	char text[NONCE_TEXT_BYTES];
	struct span nonce = issue(text);

	(void)state;
	for (uint32_t at = 0; at < NONCE_TEXT_BYTES; at++) {
		char right = text[at];
		for (int byte = 0; byte < 256; byte++) {
			text[at] = (char)byte;
			if (text[at] != right)
				assert_false(verifies(nonce, NOW_S));
		}
		text[at] = right;
	}
	assert_true(verifies(nonce, NOW_S));
}

static void any_other_length_is_refused(void **state)
{
	struct guard_page guarded;
	char text[NONCE_TEXT_BYTES + 44];

	guard_page_build(&guarded, 64);
	(void)state;
	issue(text);
	memset(text + NONCE_TEXT_BYTES, 'A', sizeof(text) - NONCE_TEXT_BYTES);
	for (uint32_t length = 0; length <= sizeof(text); length++)
		assert_int_equal(verifies(guard_page_place(&guarded, span_make(text, length)), NOW_S),
				 length == NONCE_TEXT_BYTES);
	guard_page_free(&guarded);
}

static void outlives_one_rotation(void **state)
{
	char text[NONCE_TEXT_BYTES];
	struct rotating_key first = keys;
	struct span nonce = issue(text);

	(void)state;
	keys = (struct rotating_key){.id = {8, 7}, .key = {"newest: sixteen,and sixteen more"}};
	memcpy(keys.key[1], first.key[0], SECRET_KEY_BYTES);
	assert_true(verifies(nonce, NOW_S));
	memcpy(keys.key[1], first.key[1], SECRET_KEY_BYTES);
	assert_false(verifies(nonce, NOW_S));
	keys = (struct rotating_key){.id = {9, 8}, .key = {"newest: sixteen,and sixteen more"}};
	assert_false(verifies(nonce, NOW_S));
	keys = first;
}

/* A store that has no older key yet: nobody may issue in the name of the zeros that stand there. */
static void a_key_of_zeros_opens_nothing(void **state)
{
	struct rotating_key first = keys;
	char text[NONCE_TEXT_BYTES];

	(void)state;
	keys = (struct rotating_key){.id = {0, 1}};
	struct span nonce = issue(text);
	keys = (struct rotating_key){.id = {1, 0}, .key = {"only key sixteenand sixteen:only"}};
	assert_false(verifies(nonce, NOW_S));
	keys = first;
}

/* By a node without AES, or with it; what is issued now must verify tomorrow. */
static void nonces_of_both_kinds_verify(void **state)
{
	static const struct span siphash = SPAN_LITERAL("B9IAAQAAAAD6gCRhezqHvQ"),
				 aes = SPAN_LITERAL("h9IAAQAAAADuJg9lSZ4r8Q");
	char text[NONCE_TEXT_BYTES];

	(void)state;
	assert_true(verifies(siphash, NOW_S));
	assert_int_equal(verifies(aes, NOW_S), short_aes_is_available());
	assert_span_equal(issue(text), short_aes_is_available() ? aes : siphash);
}

/* As they were issued when they had the whole time and the whole MAC. */
static void nonces_of_before_verify(void **state)
{
	static const struct span siphash = SPAN_LITERAL("B2tJ0gABAAAAAABLn5Ya0Rf-IxukTEeAmo_o"),
				 aes = SPAN_LITERAL("h2tJ0gABAAAAAAAE1DTsStpL2qPoN7FrJhdc");
	char text[36];

	(void)state;
	assert_true(verifies(siphash, NOW_S));
	assert_int_equal(verifies(aes, NOW_S), short_aes_is_available());
	assert_false(verifies(siphash, NOW_S + NONCE_LIFE_S + 1));
	for (uint32_t at = 0; at < sizeof(text); at++) {
		memcpy(text, siphash.at, sizeof(text));
		text[at] = text[at] == 'A' ? 'B' : 'A';
		assert_false(verifies(span_make(text, sizeof(text)), NOW_S));
	}
}

static void make_ready(void)
{
	struct secret_keys all = {.nonce = keys};

	secret_keys_make_ready(&all);
	keys = all.nonce;
}

/* What was made ready of a key is of that key alone, also when another one has come into its place. */
static void keys_made_ready_say_the_same(void **state)
{
	struct rotating_key first = keys;
	char text[NONCE_TEXT_BYTES], again[NONCE_TEXT_BYTES], rotated[NONCE_TEXT_BYTES];

	(void)state;
	issue(text);
	make_ready();
	assert_memory_equal(issue(again).at, text, NONCE_TEXT_BYTES);
	assert_true(verifies(span_make(text, NONCE_TEXT_BYTES), NOW_S));
	for (uint32_t k = 0; k < 2; k++) {
		memcpy(keys.key[k], first.key[1 - k], SECRET_KEY_BYTES);
		keys.id[k] = first.id[1 - k];
	}
	assert_true(verifies(span_make(text, NONCE_TEXT_BYTES), NOW_S));
	issue(rotated);
	keys = first;
	assert_true(verifies(span_make(rotated, NONCE_TEXT_BYTES), NOW_S));
	make_ready();
	assert_true(verifies(span_make(rotated, NONCE_TEXT_BYTES), NOW_S));
	keys = first;
}

/* No domain is so long; its nonces are of SipHash. */
static void any_realm_will_do(void **state)
{
	static char bytes[301];
	char text[NONCE_TEXT_BYTES];
	uint32_t issued_s;

	(void)state;
	memset(bytes, 'r', sizeof(bytes));
	for (uint32_t length = 0; length < sizeof(bytes); length++) {
		struct nonce_scope scope = {span_make(bytes, length), call_id};
		nonce_issue(text, &keys, NOW_S, &scope, 1);
		assert_true(nonce_verify(&issued_s, span_make(text, sizeof(text)), &keys, NOW_S, &scope));
		if (length > 256)
			assert_int_equal(text[0], 'B');
		scope.realm.length ^= 1;
		assert_false(nonce_verify(&issued_s, span_make(text, sizeof(text)), &keys, NOW_S, &scope));
		scope.realm.length = 300; /* one of AES is refused for it */
		assert_int_equal(nonce_verify(&issued_s, span_make(text, sizeof(text)), &keys, NOW_S, &scope),
				 length == 300);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_challenges_of_one_second_differ),
		cmocka_unit_test(lives_for_its_time),
		cmocka_unit_test(belongs_to_realm_and_call),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(any_other_length_is_refused),
		cmocka_unit_test(outlives_one_rotation),
		cmocka_unit_test(a_key_of_zeros_opens_nothing),
		cmocka_unit_test(nonces_of_both_kinds_verify),
		cmocka_unit_test(keys_made_ready_say_the_same),
		cmocka_unit_test(any_realm_will_do),
		cmocka_unit_test(nonces_of_before_verify),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
