#include "route_cookie.h"
#include "copy_bytes.h"
#include "keyed_hash.h"
#include "route_cookie_contents.h"
#include "route_cookie_vaes.h"

#define WORD_BYTES sizeof(uint64_t)

/*
 * Contents are put together without looking at their room, which is that of the longest head and of texts as long as
 * all may be; whether they fit a cookie is asked once, behind them.
 */
#define HEAD_BYTES_MAX	  (1 + 1 + 1 + 2 * (16 + 2 + 16 + 1) + 8 + 8 + 8 + 4)
#define LENGTHS_BYTES_MAX (3 * 5) /* of a text: three varints of 32 bits */
_Static_assert(HEAD_BYTES_MAX + 4 * LENGTHS_BYTES_MAX + ROUTE_COOKIE_PLAIN_BYTES_MAX + ROUTE_COOKIE_VAES_PUT_BYTES <=
		       ROUTE_COOKIE_CONTENTS_ROOM,
	       "all of it fits");

/* All that follow return what is behind. */
static char *put_bytes(char *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

static char *put_byte(char *at, uint8_t byte)
{
	*at = (char)byte;
	return at + 1;
}

/* Seven bits a byte, least first, the highest bit says that more follow. */
static char *put_varint(char *at, uint32_t number)
{
	for (; number >= 0x80; number >>= 7)
		at = put_byte(at, (uint8_t)(number | 0x80));
	return put_byte(at, (uint8_t)number);
}

/* Bits in which eight bytes of two texts differ. */
static uint64_t word_difference(const char *a, const char *b)
{
	uint64_t a_word, b_word;

	memcpy(&a_word, a, WORD_BYTES);
	memcpy(&b_word, b, WORD_BYTES);
	return a_word ^ b_word;
}

/* `most`: the shorter length. The last word may begin among bytes that were compared already: those are the same. */
static uint32_t shared_prefix(struct span a, struct span b, uint32_t most)
{
	uint32_t shared = 0;

	if (most < WORD_BYTES) {
		while (shared < most && a.at[shared] == b.at[shared])
			shared++;
		return shared;
	}
	for (uint32_t last = most - (uint32_t)WORD_BYTES;; shared += (uint32_t)WORD_BYTES) {
		uint32_t at = shared < last ? shared : last;
		uint64_t difference = word_difference(a.at + at, b.at + at);
		if (difference)
			return at + (uint32_t)__builtin_ctzll(difference) / 8;
		if (at == last)
			return most;
	}
}

/* `most`: the shorter length without the shared prefix. */
static uint32_t shared_suffix(struct span a, struct span b, uint32_t most)
{
	uint32_t shared = 0;

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

/* `text`: with what it shares. */
static inline char *put_between(char *at, struct span text, uint32_t prefix, uint32_t suffix)
{
	uint32_t middle = text.length - prefix - suffix;

	if ((prefix | suffix | middle) < 0x80) {
		uint32_t three = prefix | suffix << 8 | middle << 16;
		memcpy(at, &three, sizeof(three)); /* one too many */
		at += 3;
	} else {
		at = put_varint(put_varint(put_varint(at, prefix), suffix), middle);
	}
	if (middle) /* else perhaps absent */
		copy_bytes(at, text.at + prefix, middle);
	return at + middle;
}

/*
 * A text by what it has that an earlier one has not: lengths of the shared beginning and end, then what is between.
 * From and To of a call have domains and names in common, and a shorter cookie keeps the message below the MTU.
 */
static char *put_text(char *at, struct span text, struct span earlier)
{
	uint32_t most = text.length < earlier.length ? text.length : earlier.length;
	uint32_t prefix = shared_prefix(text, earlier, most);

	return put_between(at, text, prefix, shared_suffix(text, earlier, most - prefix));
}

/* Apart, so that what is usual stays short. */
static __attribute__((noinline)) char *put_texts(char *at, const struct dialog_cookie *cookie)
{
	at = put_between(at, cookie->caller_from, 0, 0);
	at = put_text(at, cookie->caller_to, cookie->caller_from);
	at = put_text(at, cookie->callee_from, cookie->caller_from);
	return put_text(at, cookie->callee_to, cookie->caller_to);
}

static uint8_t flow_kind(const struct net_address *flow)
{
	return (uint8_t)((flow->transport & FLOW_TRANSPORT) | (net_address_is_v4(flow->ip) ? 0 : FLOW_IPV6));
}

/* Both ends of a flow have the same family: IPv4 has four bytes, IPv6 sixteen. */
static char *put_flow(char *at, const struct net_address *flow, const struct net_entry *entry)
{
	const uint16_t port = __builtin_bswap16(flow->port);
	bool v4 = net_address_is_v4(flow->ip);

	at = v4 ? put_bytes(at, flow->ip + 12, 4) : put_bytes(at, flow->ip, 16);
	at = put_bytes(at, &port, sizeof(port));
	at = v4 ? put_bytes(at, entry->ip + 12, 4) : put_bytes(at, entry->ip, 16);
	return put_byte(at, entry->interface);
}

static char *put_flows(char *at, const struct dialog_cookie *cookie)
{
	uint8_t kinds = 0;

	if (!(cookie->flags & (DIALOG_CALLER_FLOW | DIALOG_CALLEE_FLOW)))
		return at;
	if (cookie->flags & DIALOG_CALLER_FLOW)
		kinds |= flow_kind(&cookie->caller_flow);
	if (cookie->flags & DIALOG_CALLEE_FLOW)
		kinds |= (uint8_t)(flow_kind(&cookie->callee_flow) << FLOW_CALLEE_SHIFT);
	at = put_byte(at, kinds);
	if (cookie->flags & DIALOG_CALLER_FLOW)
		at = put_flow(at, &cookie->caller_flow, &cookie->caller_entry);
	if (cookie->flags & DIALOG_CALLEE_FLOW)
		at = put_flow(at, &cookie->callee_flow, &cookie->callee_entry);
	return at;
}

static char *put_head(char *at, const struct dialog_cookie *cookie)
{
	at = put_byte(at, CONTENTS_DIALOG);
	at = put_byte(at, cookie->flags);
	at = put_flows(at, cookie);
	at = put_bytes(at, &cookie->company, sizeof(cookie->company));
	at = put_bytes(at, &cookie->call, sizeof(cookie->call));
	at = put_bytes(at, &cookie->codecs, sizeof(cookie->codecs));
	return put_bytes(at, &cookie->caller_tag_hash, sizeof(cookie->caller_tag_hash));
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

int route_cookie_put_dialog(char plain[ROUTE_COOKIE_CONTENTS_ROOM], const struct dialog_cookie *cookie)
{
	uint64_t texts_length = (uint64_t)cookie->caller_from.length + cookie->caller_to.length +
				cookie->callee_from.length + cookie->callee_to.length;

	if (texts_length > ROUTE_COOKIE_PLAIN_BYTES_MAX)
		return -1;
	char *texts = put_head(plain, cookie), *end = NULL;
	if (short_aes_selected() == SHORT_AES_VAES)
		end = route_cookie_vaes_put_texts(texts, cookie);
	if (!end)
		end = put_texts(texts, cookie);
	return end - plain > ROUTE_COOKIE_PLAIN_BYTES_MAX ? -1 : (int)(end - plain);
}
