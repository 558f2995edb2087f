/*
 * Cookies. The first byte chooses how deep the input gets: a text as it comes, a genuine cookie made of
 * the input and then changed, or contents under a genuine seal, as a broken node of the cluster would send them.
 */
#include "fuzz_input.h"

#include <sodium.h>

#include "keyed_hash.h"
#include "seal_dialog.h"
#include "text_write.h"

enum depth { DEPTH_TEXT, DEPTH_CHANGED_DIALOG, DEPTH_SEALED_CONTENTS, DEPTH_COUNT };

#define NONCE_AT      1
#define CIPHERTEXT_AT 13
#define TAG_BYTES     16
#define CHACHA	      0x80

static const struct secret_keys keys = {
	.cookie = {.id = {3, 2}, .key = {"the new key of thirty-two bytes", "the old key of thirty-two bytes"}},
	.tag_key = "tag key, never..",
};
static const struct span call_id = SPAN_LITERAL("3848276298220188511@192.0.2.4");

int LLVMFuzzerInitialize(int *argument_count, char ***arguments)
{
	(void)argument_count;
	(void)arguments;
	must(sodium_init() >= 0);
	return 0;
}

static bool is_same_entry(const struct net_entry *a, const struct net_entry *b)
{
	return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0 && a->interface == b->interface;
}

static bool is_same_dialog(const struct dialog_cookie *a, const struct dialog_cookie *b)
{
	return a->company == b->company && a->call == b->call && a->caller_tag_hash == b->caller_tag_hash &&
	       a->flags == b->flags && net_address_equals(&a->caller_flow, &b->caller_flow) &&
	       net_address_equals(&a->callee_flow, &b->callee_flow) &&
	       is_same_entry(&a->caller_entry, &b->caller_entry) && is_same_entry(&a->callee_entry, &b->callee_entry) &&
	       span_equals(a->caller_from, b->caller_from) && span_equals(a->caller_to, b->caller_to) &&
	       span_equals(a->callee_from, b->callee_from) && span_equals(a->callee_to, b->callee_to);
}

/* Both ends of a flow have the same family, or it is no flow of ours. */
static bool is_flow_plausible(const struct net_address *flow, const struct net_entry *entry)
{
	return net_address_is_v4(flow->ip) == net_address_is_v4(entry->ip);
}

/* What opened fits the buffer, and sealed again it opens to the same. */
static void check_dialog(const struct dialog_cookie *opened, const char *plain)
{
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct span room = span_make(plain, ROUTE_COOKIE_PLAIN_BYTES_MAX);
	struct dialog_cookie again;
	char *plain_again = malloc(ROUTE_COOKIE_PLAIN_BYTES_MAX);

	must(plain_again != NULL);
	fuzz_input_must_hold(room, opened->caller_from);
	fuzz_input_must_hold(room, opened->caller_to);
	fuzz_input_must_hold(room, opened->callee_from);
	fuzz_input_must_hold(room, opened->callee_to);
	int length = seal_dialog(text, sizeof(text), opened, &keys, call_id);
	if (length > 0) {
		must(route_cookie_open_dialog(&again, plain_again, span_make(text, (size_t)length), &keys, call_id));
		must(is_same_dialog(opened, &again) ||
		     !is_flow_plausible(&opened->caller_flow, &opened->caller_entry) ||
		     !is_flow_plausible(&opened->callee_flow, &opened->callee_entry));
	}
	free(plain_again);
}

/* Result: whether it opened. */
static bool open_text(struct span text)
{
	struct span copy = fuzz_input_copy(text);
	char *plain = malloc(ROUTE_COOKIE_PLAIN_BYTES_MAX);
	struct dialog_cookie dialog;

	must(plain != NULL);
	bool opens = route_cookie_open_dialog(&dialog, plain, copy, &keys, call_id);
	if (opens)
		check_dialog(&dialog, plain);
	must(!route_cookie_open_dialog(&dialog, plain, copy, &keys, SPAN_LITERAL("another call")));
	free(plain);
	fuzz_input_free(copy);
	return opens;
}

/* Changes the text as the input says: pairs of place and byte; an even count of equal changes may undo themselves. */
static bool change_text(char *text, uint32_t length, struct span *input)
{
	char *before = malloc(length);
	must(before != NULL);
	memcpy(before, text, length);
	while (input->length) {
		uint32_t at = fuzz_input_number(input) % length;
		text[at] = (char)fuzz_input_byte(input);
	}
	bool changed = memcmp(before, text, length) != 0;
	free(before);
	return changed;
}

static void read_flow(struct net_address *flow, struct net_entry *entry, struct span *input)
{
	struct span ip = fuzz_input_take(input, 16), local = fuzz_input_take(input, 16);

	memcpy(flow->ip, ip.at, ip.length);
	memcpy(entry->ip, local.at, local.length);
	if (fuzz_input_byte(input) & 1)
		memcpy(flow->ip, net_address_v4_prefix, sizeof(net_address_v4_prefix));
	if (net_address_is_v4(flow->ip))
		memcpy(entry->ip, net_address_v4_prefix, sizeof(net_address_v4_prefix));
	else
		entry->ip[0] |= 0x20;
	entry->interface = fuzz_input_byte(input);
	flow->port = fuzz_input_number(input);
	flow->transport = fuzz_input_byte(input) % 3;
}

static void try_changed_dialog(struct span input)
{
	struct dialog_cookie cookie = {.flags = fuzz_input_byte(&input) % 16};
	struct span *texts[] = {&cookie.caller_from, &cookie.caller_to, &cookie.callee_from, &cookie.callee_to};
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];

	cookie.company = (uint64_t)fuzz_input_number(&input) << fuzz_input_byte(&input) % 49;
	cookie.call = (uint64_t)fuzz_input_number(&input) << fuzz_input_byte(&input) % 49;
	cookie.caller_tag_hash = fuzz_input_number(&input);
	if (cookie.flags & DIALOG_CALLER_FLOW)
		read_flow(&cookie.caller_flow, &cookie.caller_entry, &input);
	if (cookie.flags & DIALOG_CALLEE_FLOW)
		read_flow(&cookie.callee_flow, &cookie.callee_entry, &input);
	for (int i = 0; i < 4; i++)
		*texts[i] = fuzz_input_line(&input);
	int length = seal_dialog(text, sizeof(text), &cookie, &keys, call_id);
	if (length <= 0)
		return;

	struct span sealed = span_make(text, (size_t)length);
	struct dialog_cookie opened;
	char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX];
	must(route_cookie_open_dialog(&opened, plain, sealed, &keys, call_id));
	must(is_same_dialog(&cookie, &opened));
	bool changed = change_text(text, sealed.length, &input);
	must(open_text(sealed) != changed);
}

/* The seal of a node without AES (route_cookie_seal.h), around any contents. */
static void try_sealed_contents(struct span contents)
{
	uint8_t raw[CIPHERTEXT_AT + ROUTE_COOKIE_PLAIN_BYTES_MAX + TAG_BYTES] = {CHACHA | 3, 'n'}, call_key[32];
	char text[ROUTE_COOKIE_TEXT_BYTES_MAX];
	struct text_writer writer = text_write_begin(text, sizeof(text));
	const uint8_t *secret = keys.cookie.key[0];
	struct keyed_hash hash;

	if (contents.length == 0 || contents.length > ROUTE_COOKIE_PLAIN_BYTES_MAX)
		return;
	keyed_hash_begin(&hash, secret, 'k');
	keyed_hash_add_number(&hash, CHACHA);
	keyed_hash_add(&hash, call_id);
	keyed_hash_finish(&hash, call_key);
	crypto_shorthash_siphashx24(call_key + KEYED_HASH_BYTES, call_key, KEYED_HASH_BYTES,
				    secret + KEYED_HASH_KEY_BYTES);
	crypto_aead_chacha20poly1305_ietf_encrypt(raw + CIPHERTEXT_AT, NULL, (const uint8_t *)contents.at,
						  contents.length, (const uint8_t *)call_id.at, call_id.length, NULL,
						  raw + NONCE_AT, call_key);
	text_write_base64url(&writer, raw, CIPHERTEXT_AT + contents.length + TAG_BYTES);
	must(!writer.overflowed);
	open_text(text_written(&writer));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span input = fuzz_input_span(bytes, length);

	switch ((enum depth)(fuzz_input_byte(&input) % DEPTH_COUNT)) {
	case DEPTH_CHANGED_DIALOG:
		try_changed_dialog(input);
		break;
	case DEPTH_SEALED_CONTENTS:
		try_sealed_contents(input);
		break;
	default:
		open_text(input);
	}
	return 0;
}
