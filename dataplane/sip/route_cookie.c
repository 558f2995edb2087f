#include "route_cookie.h"
#include "keyed_hash.h"
#include "route_cookie_contents.h"
#include "text_write.h"

/* Seven bits a byte, least first, the highest bit says that more follow. */
static void write_varint(struct text_writer *writer, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		text_write_char(writer, (char)(number | 0x80));
	text_write_char(writer, (char)number);
}

#define WORD_BYTES sizeof(uint64_t)

/* One whose bits are all in use. */
static void write_number(struct text_writer *writer, uint64_t number)
{
	text_write_span(writer, span_make((const char *)&number, sizeof(number)));
}

/* Bits in which eight bytes of two texts differ. */
static uint64_t word_difference(const char *a, const char *b)
{
	uint64_t a_word, b_word;

	memcpy(&a_word, a, WORD_BYTES);
	memcpy(&b_word, b, WORD_BYTES);
	return a_word ^ b_word;
}

static uint32_t shared_prefix(struct span a, struct span b)
{
	uint32_t most = a.length < b.length ? a.length : b.length, shared = 0;

	for (; most - shared >= WORD_BYTES; shared += WORD_BYTES) {
		uint64_t difference = word_difference(a.at + shared, b.at + shared);
		if (difference)
			return shared + (uint32_t)__builtin_ctzll(difference) / 8;
	}
	while (shared < most && a.at[shared] == b.at[shared])
		shared++;
	return shared;
}

static uint32_t shared_suffix(struct span a, struct span b)
{
	uint32_t most = a.length < b.length ? a.length : b.length, shared = 0;

	if (most == 0) /* perhaps absent: no place to count from */
		return 0;
	const char *a_end = a.at + a.length, *b_end = b.at + b.length;

	for (; most - shared >= WORD_BYTES; shared += WORD_BYTES) {
		uint64_t difference = word_difference(a_end - shared - WORD_BYTES, b_end - shared - WORD_BYTES);
		if (difference)
			return shared + (uint32_t)__builtin_clzll(difference) / 8;
	}
	while (shared < most && a_end[-1 - (int)shared] == b_end[-1 - (int)shared])
		shared++;
	return shared;
}

/*
 * A text by what it has that an earlier one has not: lengths of the shared beginning and end, then what is between.
 * From and To of a call have domains and names in common, and a shorter cookie keeps the message below the MTU.
 */
static void write_text(struct text_writer *writer, struct span text, struct span earlier)
{
	uint32_t prefix = shared_prefix(text, earlier);
	text = span_skip(text, prefix);
	uint32_t suffix = shared_suffix(text, span_skip(earlier, prefix));

	write_varint(writer, prefix);
	write_varint(writer, suffix);
	write_varint(writer, text.length - suffix);
	text_write_span(writer, span_make(text.at, text.length - suffix));
}

static uint8_t flow_kind(const struct net_address *flow)
{
	return (uint8_t)((flow->transport & FLOW_TRANSPORT) | (net_address_is_v4(flow->ip) ? 0 : FLOW_IPV6));
}

/* IPv4: four bytes; IPv6: sixteen. */
static void write_ip(struct text_writer *writer, const uint8_t ip[16], bool v4)
{
	uint32_t skip = v4 ? sizeof(net_address_v4_prefix) : 0;

	text_write_span(writer, span_make((const char *)ip + skip, 16 - skip));
}

/* Both ends of a flow have the same family. */
static void write_flow(struct text_writer *writer, const struct net_address *flow, const struct net_entry *entry)
{
	bool v4 = net_address_is_v4(flow->ip);

	write_ip(writer, flow->ip, v4);
	text_write_char(writer, (char)(flow->port >> 8));
	text_write_char(writer, (char)flow->port);
	write_ip(writer, entry->ip, v4);
	text_write_char(writer, (char)entry->interface);
}

static void write_flows(struct text_writer *writer, const struct dialog_cookie *cookie)
{
	uint8_t kinds = 0;

	if (!(cookie->flags & (DIALOG_CALLER_FLOW | DIALOG_CALLEE_FLOW)))
		return;
	if (cookie->flags & DIALOG_CALLER_FLOW)
		kinds |= flow_kind(&cookie->caller_flow);
	if (cookie->flags & DIALOG_CALLEE_FLOW)
		kinds |= (uint8_t)(flow_kind(&cookie->callee_flow) << FLOW_CALLEE_SHIFT);
	text_write_char(writer, (char)kinds);
	if (cookie->flags & DIALOG_CALLER_FLOW)
		write_flow(writer, &cookie->caller_flow, &cookie->caller_entry);
	if (cookie->flags & DIALOG_CALLEE_FLOW)
		write_flow(writer, &cookie->callee_flow, &cookie->callee_entry);
}

uint32_t route_cookie_hash_tag(const struct secret_keys *keys, struct span tag)
{
	struct keyed_hash hash;
	uint8_t mac[KEYED_HASH_BYTES];
	uint32_t number;

	/* tag_key and not the cookie key: a cookie must tell the direction also after the keys were rotated. */
	keyed_hash_begin(&hash, keys->tag_key, 'd');
	keyed_hash_add(&hash, tag);
	keyed_hash_finish(&hash, mac);
	memcpy(&number, mac, sizeof(number));
	return number;
}

int route_cookie_seal_dialog(char *text, uint32_t capacity, const struct dialog_cookie *cookie,
			     const struct secret_keys *keys, struct span call_id)
{
	char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX];
	struct text_writer writer = text_write_begin(plain, sizeof(plain));
	struct text_writer sealed = text_write_begin(text, capacity);
	uint64_t texts_length = (uint64_t)cookie->caller_from.length + cookie->caller_to.length +
				cookie->callee_from.length + cookie->callee_to.length;

	text_write_char(&writer, CONTENTS_DIALOG);
	text_write_char(&writer, (char)cookie->flags);
	write_flows(&writer, cookie);
	write_number(&writer, cookie->company);
	write_number(&writer, cookie->call);
	write_number(&writer, cookie->codecs);
	text_write_span(&writer, span_make((const char *)&cookie->caller_tag_hash, sizeof(cookie->caller_tag_hash)));
	write_text(&writer, cookie->caller_from, (struct span){0});
	write_text(&writer, cookie->caller_to, cookie->caller_from);
	write_text(&writer, cookie->callee_from, cookie->caller_from);
	write_text(&writer, cookie->callee_to, cookie->caller_to);
	if (writer.overflowed || texts_length > ROUTE_COOKIE_PLAIN_BYTES_MAX)
		return -1;
	return route_cookie_seal(&sealed, text_written(&writer), &keys->cookie, call_id);
}
