#include "route_cookie.h"
#include "base64url_read.h"
#include "codec.h"
#include "keyed_hash.h"
#include "text_write.h"

#include <sodium.h>

/*
 * Sealed bytes, before base64url:
 *   key id and cipher (1)   cipher's nonce (12)   ciphertext   authentication tag (16)
 *
 * The cipher's key is derived from the cookie key and the Call-ID, so that a nonce can only meet those of its own call.
 * The cipher is AES-256-GCM where the CPU has it (a third of the time of ChaCha20-Poly1305 for these lengths); else
 * ChaCha20-Poly1305.
 */
#define CIPHER_CHACHA	0x80 /* in the first byte; else AES-256-GCM */
#define NONCE_AT	1
#define NONCE_BYTES	12
#define CIPHERTEXT_AT	(NONCE_AT + NONCE_BYTES)
#define TAG_BYTES	16
#define OVERHEAD_BYTES	(CIPHERTEXT_AT + TAG_BYTES)
#define RAW_BYTES_MAX	(OVERHEAD_BYTES + ROUTE_COOKIE_PLAIN_BYTES_MAX)
#define CALL_KEY_BYTES	32
#define VARINT_BITS_MAX 64
_Static_assert(crypto_aead_aes256gcm_NPUBBYTES == NONCE_BYTES && crypto_aead_aes256gcm_ABYTES == TAG_BYTES, "layout");
_Static_assert(crypto_aead_chacha20poly1305_ietf_NPUBBYTES == NONCE_BYTES, "layout");
_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == TAG_BYTES, "layout");
_Static_assert(2 * KEYED_HASH_BYTES == CALL_KEY_BYTES && 2 * KEYED_HASH_KEY_BYTES == SECRET_KEY_BYTES, "two halves");
_Static_assert((RAW_BYTES_MAX * 8 + 5) / 6 <= ROUTE_COOKIE_TEXT_BYTES_MAX, "a full cookie fits its text");

/* First byte of the contents. 1 was that of branches, before transactions kept what they need. */
enum {
	CONTENTS_DIALOG_WITHOUT_CALL = 2,   /* of dialogs that began before calls had a name */
	CONTENTS_DIALOG_WITHOUT_CODECS = 3, /* of dialogs that began before codecs were chosen */
	CONTENTS_DIALOG = 4,
};

/* Dialog: kinds of both flows in one byte, the caller's in the low half, present when there is any flow. */
enum {
	FLOW_TRANSPORT = 3,
	FLOW_IPV6 = 4,
	FLOW_CALLEE_SHIFT = 4,
	FLOW_UNUSED_BITS = 0x88,
};

/*
 * Contents while they are read. Texts are stored as what they do not share with an earlier one, so they are put
 * together again in the caller's buffer.
 */
struct contents_reader {
	char sealed[ROUTE_COOKIE_PLAIN_BYTES_MAX];
	struct span rest;
	struct text_writer texts;
	bool broken;
};

/* ------------------------------------------------------------ sealing */

/* Its second half is made of the first, under the other half of the secret: the Call-ID is hashed once. */
static void make_call_key(uint8_t call_key[CALL_KEY_BYTES], const uint8_t *secret, uint8_t cipher, struct span call_id)
{
	struct keyed_hash hash;

	keyed_hash_begin(&hash, secret, 'k');
	keyed_hash_add_number(&hash, cipher);
	keyed_hash_add(&hash, call_id);
	keyed_hash_finish(&hash, call_key);
	crypto_shorthash_siphashx24(call_key + KEYED_HASH_BYTES, call_key, KEYED_HASH_BYTES,
				    secret + KEYED_HASH_KEY_BYTES);
}

/* The same contents get the same nonce, and thus the same bytes; anything else another one. */
static void make_cipher_nonce(uint8_t nonce[NONCE_BYTES], const uint8_t *secret, const uint8_t call_key[CALL_KEY_BYTES],
			      struct span plain)
{
	struct keyed_hash hash;
	uint8_t mac[KEYED_HASH_BYTES];

	keyed_hash_begin(&hash, secret, 's');
	keyed_hash_add(&hash, span_make((const char *)call_key, KEYED_HASH_BYTES)); /* stands for the Call-ID */
	keyed_hash_add(&hash, plain);
	keyed_hash_finish(&hash, mac);
	memcpy(nonce, mac, NONCE_BYTES);
}

static int seal_contents(struct text_writer *text, struct span plain, const struct rotating_key *keys,
			 struct span call_id)
{
	uint8_t raw[RAW_BYTES_MAX], call_key[CALL_KEY_BYTES];
	uint8_t cipher = crypto_aead_aes256gcm_is_available() ? 0 : CIPHER_CHACHA;
	const uint8_t *message = (const uint8_t *)plain.at, *call = (const uint8_t *)call_id.at;
	unsigned long long sealed_length;

	raw[0] = (uint8_t)(keys->id[0] % SECRET_KEY_IDS) | cipher;
	make_call_key(call_key, keys->key[0], cipher, call_id);
	make_cipher_nonce(raw + NONCE_AT, keys->key[0], call_key, plain);
	if (cipher == CIPHER_CHACHA)
		crypto_aead_chacha20poly1305_ietf_encrypt(raw + CIPHERTEXT_AT, &sealed_length, message, plain.length,
							  call, call_id.length, NULL, raw + NONCE_AT, call_key);
	else
		crypto_aead_aes256gcm_encrypt(raw + CIPHERTEXT_AT, &sealed_length, message, plain.length, call,
					      call_id.length, NULL, raw + NONCE_AT, call_key);
	text_write_base64url(text, raw, CIPHERTEXT_AT + (uint32_t)sealed_length);
	return text->overflowed ? -1 : (int)text->length;
}

static bool open_contents(struct contents_reader *reader, char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX], struct span text,
			  const struct rotating_key *keys, struct span call_id)
{
	uint8_t raw[RAW_BYTES_MAX], call_key[CALL_KEY_BYTES];
	const uint8_t *call = (const uint8_t *)call_id.at;
	unsigned long long plain_length;
	int refused, raw_length = base64url_read(raw, sizeof(raw), text);

	if (raw_length <= OVERHEAD_BYTES)
		return false;

	uint8_t cipher = raw[0] & CIPHER_CHACHA;
	unsigned long long sealed_length = (unsigned long long)(raw_length - CIPHERTEXT_AT);
	const uint8_t *secret = secret_keys_find(keys, raw[0] % SECRET_KEY_IDS);
	if (!secret || (cipher != CIPHER_CHACHA && !crypto_aead_aes256gcm_is_available()))
		return false;

	make_call_key(call_key, secret, cipher, call_id);
	if (cipher == CIPHER_CHACHA)
		refused = crypto_aead_chacha20poly1305_ietf_decrypt((uint8_t *)reader->sealed, &plain_length, NULL,
								    raw + CIPHERTEXT_AT, sealed_length, call,
								    call_id.length, raw + NONCE_AT, call_key);
	else
		refused = crypto_aead_aes256gcm_decrypt((uint8_t *)reader->sealed, &plain_length, NULL,
							raw + CIPHERTEXT_AT, sealed_length, call, call_id.length,
							raw + NONCE_AT, call_key);
	if (refused)
		return false;
	reader->rest = span_make(reader->sealed, plain_length);
	reader->texts = text_write_begin(plain, ROUTE_COOKIE_PLAIN_BYTES_MAX);
	reader->broken = false;
	return true;
}

/* ------------------------------------------------------------ contents: writing */

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

/* ------------------------------------------------------------ contents: reading */

/* Of the first text, which has none before it: no bytes, but a place. */
static const struct span no_text = {"", 0};

static struct span read_bytes(struct contents_reader *reader, uint64_t length)
{
	if (reader->broken || length > reader->rest.length) {
		reader->broken = true;
		return (struct span){0};
	}

	struct span bytes = span_make(reader->rest.at, length);
	reader->rest = span_skip(reader->rest, bytes.length);
	return bytes;
}

static uint8_t read_byte(struct contents_reader *reader)
{
	struct span byte = read_bytes(reader, 1);
	return reader->broken ? 0 : (uint8_t)*byte.at;
}

static uint64_t read_varint(struct contents_reader *reader)
{
	uint64_t number = 0;

	for (uint32_t shift = 0; shift < VARINT_BITS_MAX; shift += 7) {
		uint64_t byte = read_byte(reader);
		number |= (byte & 0x7f) << shift;
		if (byte < 0x80)
			return number;
	}
	reader->broken = true;
	return 0;
}

static uint64_t read_number(struct contents_reader *reader)
{
	struct span bytes = read_bytes(reader, sizeof(uint64_t));
	uint64_t number = 0;

	if (!reader->broken)
		memcpy(&number, bytes.at, sizeof(number));
	return number;
}

static struct span read_text(struct contents_reader *reader, struct span earlier)
{
	uint64_t prefix = read_varint(reader), suffix = read_varint(reader);
	struct span middle = read_bytes(reader, read_varint(reader));
	const char *start = reader->texts.at + reader->texts.length;

	if (reader->broken || prefix > earlier.length || suffix > earlier.length - prefix) {
		reader->broken = true;
		return (struct span){0};
	}
	text_write_span(&reader->texts, span_make(earlier.at, prefix));
	text_write_span(&reader->texts, middle);
	text_write_span(&reader->texts, span_make(earlier.at + earlier.length - suffix, suffix));
	reader->broken = reader->texts.overflowed;
	return span_make(start, prefix + middle.length + suffix);
}

static void read_ip(struct contents_reader *reader, uint8_t ip[16], bool v4)
{
	struct span bytes = read_bytes(reader, v4 ? 4 : 16);

	if (reader->broken)
		return;
	if (v4)
		net_address_set_v4(ip, bytes.at);
	else
		memcpy(ip, bytes.at, 16);
}

static void read_flow(struct contents_reader *reader, struct net_address *flow, struct net_entry *entry, uint8_t kind)
{
	bool v4 = !(kind & FLOW_IPV6);

	read_ip(reader, flow->ip, v4);
	struct span port = read_bytes(reader, 2);
	if (!reader->broken)
		flow->port = (uint16_t)((uint8_t)port.at[0] << 8 | (uint8_t)port.at[1]);
	flow->transport = kind & FLOW_TRANSPORT;
	read_ip(reader, entry->ip, v4);
	entry->interface = read_byte(reader);
}

static void read_flows(struct contents_reader *reader, struct dialog_cookie *cookie)
{
	if (!(cookie->flags & (DIALOG_CALLER_FLOW | DIALOG_CALLEE_FLOW)))
		return;

	uint8_t kinds = read_byte(reader);
	if (kinds & FLOW_UNUSED_BITS)
		reader->broken = true;
	if (cookie->flags & DIALOG_CALLER_FLOW)
		read_flow(reader, &cookie->caller_flow, &cookie->caller_entry, kinds);
	if (cookie->flags & DIALOG_CALLEE_FLOW)
		read_flow(reader, &cookie->callee_flow, &cookie->callee_entry, (uint8_t)(kinds >> FLOW_CALLEE_SHIFT));
}

static bool reader_is_done(const struct contents_reader *reader)
{
	return !reader->broken && reader->rest.length == 0;
}

/* ------------------------------------------------------------ promised functions */

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
	write_varint(&writer, cookie->company);
	write_number(&writer, cookie->call);
	write_number(&writer, cookie->codecs);
	text_write_span(&writer, span_make((const char *)&cookie->caller_tag_hash, sizeof(cookie->caller_tag_hash)));
	write_text(&writer, cookie->caller_from, (struct span){0});
	write_text(&writer, cookie->caller_to, cookie->caller_from);
	write_text(&writer, cookie->callee_from, cookie->caller_from);
	write_text(&writer, cookie->callee_to, cookie->caller_to);
	if (writer.overflowed || texts_length > ROUTE_COOKIE_PLAIN_BYTES_MAX)
		return -1;
	return seal_contents(&sealed, text_written(&writer), &keys->cookie, call_id);
}

bool route_cookie_open_dialog(struct dialog_cookie *cookie, char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX], struct span text,
			      const struct secret_keys *keys, struct span call_id)
{
	struct contents_reader reader;
	struct dialog_cookie opened = {0};

	if (!open_contents(&reader, plain, text, &keys->cookie, call_id))
		return false;

	uint8_t contents = read_byte(&reader);
	if (contents < CONTENTS_DIALOG_WITHOUT_CALL || contents > CONTENTS_DIALOG)
		return false;
	opened.flags = read_byte(&reader);
	read_flows(&reader, &opened);
	opened.company = read_varint(&reader);
	opened.call = contents >= CONTENTS_DIALOG_WITHOUT_CODECS ? read_number(&reader) : 0;
	opened.codecs = contents >= CONTENTS_DIALOG ? read_number(&reader) : CODEC_SET_ALL;
	struct span tag_hash = read_bytes(&reader, sizeof(opened.caller_tag_hash));
	if (!reader.broken)
		memcpy(&opened.caller_tag_hash, tag_hash.at, sizeof(opened.caller_tag_hash));
	opened.caller_from = read_text(&reader, no_text);
	opened.caller_to = read_text(&reader, opened.caller_from);
	opened.callee_from = read_text(&reader, opened.caller_from);
	opened.callee_to = read_text(&reader, opened.caller_to);
	if (!reader_is_done(&reader))
		return false;
	*cookie = opened;
	return true;
}
