#include "route_cookie.h"
#include "codec.h"
#include "keyed_hash.h"
#include "text_write.h"

#define VARINT_BITS_MAX 64

/* First byte of the contents. 1 was that of branches, before transactions kept what they need. */
enum {
	CONTENTS_DIALOG_WITHOUT_CALL = 2,   /* of dialogs that began before calls had a name */
	CONTENTS_DIALOG_WITHOUT_CODECS = 3, /* of dialogs that began before codecs were chosen */
	CONTENTS_DIALOG_WITH_SIPHASH = 4,   /* of dialogs that began when tags were hashed by route_cookie_hash_tag() */
	CONTENTS_DIALOG = 5,
};

/* Dialog: kinds of both flows in one byte, the caller's in the low half, present when there is any flow. */
enum {
	FLOW_TRANSPORT = 3,
	FLOW_IPV6 = 4,
	FLOW_CALLEE_SHIFT = 4,
	FLOW_UNUSED_BITS = 0x88,
};

/* Of the longest head of contents, and of what is copied at once. */
#define HEAD_BYTES_MAX 192
#define COPY_BYTES     32

/*
 * Contents while they are read. Texts are stored as what they do not share with an earlier one, so they are put
 * together again in the caller's buffer. `at` may go beyond `end` by what is behind the longest contents: whoever asks
 * for a length, and the last of all, looks.
 */
struct contents_reader {
	char sealed[ROUTE_COOKIE_PLAIN_BYTES_MAX + HEAD_BYTES_MAX];
	const char *at, *end;
	struct text_writer texts;
	bool broken;
};

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

static uint8_t read_byte(struct contents_reader *reader)
{
	return (uint8_t)*reader->at++;
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
	uint64_t number;

	memcpy(&number, reader->at, sizeof(number));
	reader->at += sizeof(number);
	return number;
}

static uint32_t read_half(struct contents_reader *reader)
{
	uint32_t half;

	memcpy(&half, reader->at, sizeof(half));
	reader->at += sizeof(half);
	return half;
}

/* Copies COPY_BYTES at once: as many behind both texts are there to be read and written over. */
static char *put_wide(char *to, const char *from, uint64_t length)
{
	for (uint64_t done = 0; done < length; done += COPY_BYTES) {
		char part[COPY_BYTES]; /* what is read too much may be where this is written */
		memcpy(part, from + done, COPY_BYTES);
		memcpy(to + done, part, COPY_BYTES);
	}
	return to + length;
}

/* The earlier text lies in front of the new one, or is none. */
static struct span join_texts(struct text_writer *texts, struct span prefix, struct span middle, struct span suffix)
{
	char *start = texts->at + texts->length;
	uint64_t length = (uint64_t)prefix.length + middle.length + suffix.length;

	if (length + COPY_BYTES <= texts->capacity - texts->length) {
		char *at = put_wide(start, prefix.at, prefix.length);
		at = put_wide(at, middle.at, middle.length);
		put_wide(at, suffix.at, suffix.length);
		texts->length += (uint32_t)length;
	} else {
		text_write_span(texts, prefix);
		text_write_span(texts, middle);
		text_write_span(texts, suffix);
	}
	return span_make(start, length);
}

/* What a text shares with an earlier one, and the bytes of its own between. */
struct text_lengths {
	uint64_t prefix, suffix, middle;
};

#define ANY_LONG 0x808080 /* a length of more than a byte among the three */

static struct text_lengths read_lengths(struct contents_reader *reader)
{
	struct text_lengths lengths;
	uint32_t three;

	memcpy(&three, reader->at, sizeof(three));
	if (!(three & ANY_LONG)) {
		reader->at += 3;
		return (struct text_lengths){three & 0xff, three >> 8 & 0xff, three >> 16 & 0xff};
	}
	lengths.prefix = read_varint(reader);
	lengths.suffix = read_varint(reader);
	lengths.middle = read_varint(reader);
	return lengths;
}

static struct span read_text(struct contents_reader *reader, struct span earlier)
{
	if (reader->broken)
		return no_text;
	struct text_lengths lengths = read_lengths(reader);
	const char *middle = reader->at;

	if (reader->broken || middle > reader->end || lengths.middle > (uint64_t)(reader->end - middle) ||
	    lengths.prefix > earlier.length || lengths.suffix > earlier.length - lengths.prefix) {
		reader->broken = true;
		return no_text;
	}
	reader->at += lengths.middle;
	if (lengths.middle == 0 && lengths.suffix == 0) /* nothing new */
		return span_make(earlier.at, lengths.prefix);
	struct span text =
		join_texts(&reader->texts, span_make(earlier.at, lengths.prefix), span_make(middle, lengths.middle),
			   span_make(earlier.at + earlier.length - lengths.suffix, lengths.suffix));
	reader->broken = reader->texts.overflowed;
	return text;
}

static void read_ip(struct contents_reader *reader, uint8_t ip[16], bool v4)
{
	if (v4)
		net_address_set_v4(ip, reader->at);
	else
		memcpy(ip, reader->at, 16);
	reader->at += v4 ? 4 : 16;
}

static void read_flow(struct contents_reader *reader, struct net_address *flow, struct net_entry *entry, uint8_t kind)
{
	bool v4 = !(kind & FLOW_IPV6);

	read_ip(reader, flow->ip, v4);
	flow->port = (uint16_t)((uint8_t)reader->at[0] << 8 | (uint8_t)reader->at[1]);
	reader->at += 2;
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

/* Kind, flags, kinds of flows, both flows with IPv6, the longest varint, call, codecs, hash of the tag. */
_Static_assert(1 + 1 + 1 + 2 * (16 + 2 + 16 + 1) + 10 + 8 + 8 + 4 + 3 * 10 <= HEAD_BYTES_MAX,
	       "a head, and three lengths behind it, lie within the buffer");

/* All that is in front of the texts. */
static void read_head(struct contents_reader *reader, struct dialog_cookie *cookie, uint8_t contents)
{
	cookie->flags = read_byte(reader);
	read_flows(reader, cookie);
	cookie->company = read_varint(reader);
	cookie->call = contents >= CONTENTS_DIALOG_WITHOUT_CODECS ? read_number(reader) : 0;
	cookie->codecs = contents >= CONTENTS_DIALOG_WITH_SIPHASH ? read_number(reader) : CODEC_SET_ALL;
	cookie->caller_tag_hash = read_half(reader);
	cookie->caller_tag_is_siphashed = contents <= CONTENTS_DIALOG_WITH_SIPHASH;
}

static bool reader_is_done(const struct contents_reader *reader)
{
	return !reader->broken && reader->at == reader->end;
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
	return route_cookie_seal(&sealed, text_written(&writer), &keys->cookie, call_id);
}

bool route_cookie_open_dialog(struct dialog_cookie *cookie, char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX], struct span text,
			      const struct secret_keys *keys, struct span call_id)
{
	struct contents_reader reader;
	struct dialog_cookie opened = {0};
	int length = route_cookie_seal_open(reader.sealed, text, &keys->cookie, call_id);

	if (length <= 1)
		return false;
	reader.at = reader.sealed;
	reader.end = reader.sealed + length;
	reader.texts = text_write_begin(plain, ROUTE_COOKIE_PLAIN_BYTES_MAX);
	reader.broken = false;

	uint8_t contents = read_byte(&reader);
	if (contents < CONTENTS_DIALOG_WITHOUT_CALL || contents > CONTENTS_DIALOG)
		return false;
	read_head(&reader, &opened, contents);
	opened.caller_from = read_text(&reader, no_text);
	opened.caller_to = read_text(&reader, opened.caller_from);
	opened.callee_from = read_text(&reader, opened.caller_from);
	opened.callee_to = read_text(&reader, opened.caller_to);
	if (!reader_is_done(&reader))
		return false;
	*cookie = opened;
	return true;
}
