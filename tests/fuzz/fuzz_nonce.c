/*
 * Nonces: a text as it comes verifies only when it is what we issue; a genuine one of the input's realm and call does,
 * and no longer once anything of it is changed. The text's base64url is read on the way.
 *
 *   depth (1)  issued (4)  age (2)  challenge (2)  realm LF  call LF  text, or changes: place (2), byte (1) ...
 */
#include "fuzz_input.h"

#include <sodium.h>

#include "base64url_read.h"
#include "nonce.h"
#include "text_write.h"

#define RAW_BYTES	16 /* nonce.c */
#define CHALLENGE_AT	3
#define CHALLENGE_BYTES 5

static const struct rotating_key keys = {.id = {7, 6},
					 .key = {"the new key of thirty-two bytes", "the old key of thirty-two bytes"}};

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
	(void)argument_count;
	(void)arguments;
	must(sodium_init() >= 0);
	return 0;
}

/* Read into exactly the room that it needs; written again it is the same text. */
static void check_base64url(struct span text)
{
	uint32_t capacity = text.length / 4 * 3 + 3;
	uint8_t *bytes = malloc(capacity);
	must(bytes != NULL);
	int length = base64url_read(bytes, capacity, text);

	must(length >= -1);
	if (length >= 0) {
		char *again = malloc(text.length + 1);
		struct text_writer writer = text_write_begin(again, text.length);
		uint8_t *exact = malloc(length ? (size_t)length : 1);
		must(again != NULL && exact != NULL);
		text_write_base64url(&writer, bytes, (uint32_t)length);
		must(!writer.overflowed && span_equals(text_written(&writer), text));
		must(base64url_read(exact, (uint32_t)length, text) == length);
		must(memcmp(exact, bytes, (size_t)length) == 0);
		if (length > 0)
			must(base64url_read(exact, (uint32_t)length - 1, text) == -1);
		free(exact);
		free(again);
	}
	free(bytes);
}

/* Key and kind. */
static uint8_t first_byte(struct span nonce)
{
	uint8_t raw[RAW_BYTES];

	must(base64url_read(raw, sizeof(raw), nonce) == sizeof(raw));
	return raw[0];
}

/* libFuzzer sees what is compared, so it finds out genuine nonces; nothing else may verify. `text`: of those that are
 * issued now. */
static void check_issued(struct span text, uint32_t issued_s, const struct nonce_scope *scope)
{
	uint8_t raw[RAW_BYTES];
	uint64_t challenge = 0;
	char again[NONCE_TEXT_BYTES];

	must(base64url_read(raw, sizeof(raw), text) == sizeof(raw));
	memcpy(&challenge, raw + CHALLENGE_AT, CHALLENGE_BYTES);
	nonce_issue(again, &keys, issued_s, scope, challenge);
	if (raw[0] == first_byte(span_make(again, sizeof(again)))) /* or of the older key, or of a node without AES */
		must(span_equals(text, span_make(again, sizeof(again))));
}

static void try_text(struct span input, uint32_t now_s, const struct nonce_scope *scope)
{
	struct span text = fuzz_input_copy(input);
	uint32_t issued_s;

	if (nonce_verify(&issued_s, text, &keys, now_s, scope) && text.length == NONCE_TEXT_BYTES)
		check_issued(text, issued_s, scope);
	check_base64url(text);
	fuzz_input_free(text);
}

static void try_changed(struct span changes, uint32_t now_s, const struct nonce_scope *scope, uint32_t challenge,
			uint16_t age_s)
{
	char text[NONCE_TEXT_BYTES], genuine[NONCE_TEXT_BYTES];
	uint32_t issued_s = 0, later_s = now_s + age_s;

	nonce_issue(genuine, &keys, now_s, scope, challenge);
	memcpy(text, genuine, sizeof(text));
	while (changes.length) {
		uint32_t at = fuzz_input_number(&changes) % NONCE_TEXT_BYTES;
		text[at] = (char)fuzz_input_byte(&changes);
	}
	bool is_genuine = memcmp(text, genuine, sizeof(text)) == 0;
	bool is_fresh = later_s >= now_s && age_s <= NONCE_LIFE_S;
	struct span copy = fuzz_input_copy(span_make(text, sizeof(text)));
	must(nonce_verify(&issued_s, copy, &keys, later_s, scope) == (is_genuine && is_fresh));
	if (is_genuine && is_fresh) {
		struct nonce_scope swapped = {scope->call_id, scope->realm};
		must(issued_s == now_s);
		must(span_equals(scope->realm, scope->call_id) ||
		     !nonce_verify(&issued_s, copy, &keys, later_s, &swapped));
	}
	check_base64url(copy);
	fuzz_input_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span input = fuzz_input_span(bytes, length);
	bool is_genuine = fuzz_input_byte(&input) & 1;
	uint32_t now_s = (uint32_t)fuzz_input_number(&input) << 16;
	now_s |= fuzz_input_number(&input);
	uint16_t age_s = fuzz_input_number(&input);
	uint32_t challenge = fuzz_input_number(&input);
	struct nonce_scope scope = {.realm = fuzz_input_line(&input)};
	scope.call_id = fuzz_input_line(&input);

	if (is_genuine)
		try_changed(input, now_s, &scope, challenge, age_s);
	else
		try_text(input, now_s, &scope);
	return 0;
}
