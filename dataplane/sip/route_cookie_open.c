#include "codec.h"
#include "route_cookie.h"
#include "route_cookie_contents.h"

#define VARINT_BITS_MAX 64

/* Of the longest head of contents, and of what is copied at once. */
#define HEAD_BYTES_MAX 192
#define COPY_BYTES     32

/*
 * Contents while they are read. Texts are stored as what they do not share with an earlier one, so they are put
 * together again in the caller's buffer. `at` may go beyond `end` by what is behind the longest contents: whoever asks
 * for a length, and the last of all, looks.
 */
struct contents_reader {
	const char *at, *end;
	char *text, *text_end; /* where the next text goes, and where all of them end */
	bool broken;
};

/* Of the first text, which has none before it: no bytes, but a place to read from. */
static const char nothing[COPY_BYTES];
static const struct span no_text = {nothing, 0};

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

/* In registers: what is read too much may be where this is written. */
static inline void copy_wide(char *to, const char *from)
{
	__attribute__((vector_size(COPY_BYTES / 2))) char first, second;

	memcpy(&first, from, sizeof(first));
	memcpy(&second, from + sizeof(first), sizeof(second));
	memcpy(to, &first, sizeof(first));
	memcpy(to + sizeof(first), &second, sizeof(second));
}

/* Copies COPY_BYTES at once, once at least: as many behind both texts are there to be read and written over. */
static inline char *put_wide(char *to, const char *from, uint64_t length)
{
	copy_wide(to, from);
	for (uint64_t done = COPY_BYTES; done < length; done += COPY_BYTES)
		copy_wide(to + done, from + done);
	return to + length;
}

/* What a text shares with an earlier one, and the bytes of its own between, which begin there; NULL: they are broken.
 */
struct text_lengths {
	uint64_t prefix, suffix, middle;
	const char *begin;
};

#define ANY_LONG 0x808080 /* a length of more than a byte among the three */

/* Apart, so that what is usual stays short. */
__attribute__((cold)) static struct text_lengths read_long_lengths(const char *at)
{
	struct contents_reader reader = {.at = at};
	struct text_lengths lengths;

	lengths.prefix = read_varint(&reader);
	lengths.suffix = read_varint(&reader);
	lengths.middle = read_varint(&reader);
	lengths.begin = reader.broken ? NULL : reader.at;
	return lengths;
}

static inline struct text_lengths read_lengths(const char *at)
{
	uint32_t three;

	memcpy(&three, at, sizeof(three));
	if (three & ANY_LONG)
		return read_long_lengths(at);
	return (struct text_lengths){three & 0xff, three >> 8 & 0xff, three >> 16 & 0xff, at + 3};
}

/* Where COPY_BYTES would not fit. */
__attribute__((cold)) static void put_narrow(char *at, struct span earlier, const struct text_lengths *lengths)
{
	memcpy(at, earlier.at, lengths->prefix);
	memcpy(at + lengths->prefix, lengths->begin, lengths->middle);
	memcpy(at + lengths->prefix + lengths->middle, earlier.at + earlier.length - lengths->suffix, lengths->suffix);
}

/* The earlier text lies in front of the new one, or is none. `room` is enough. */
static inline void join_texts(char *at, uint64_t room, struct span earlier, struct text_lengths lengths)
{
	if (lengths.prefix + lengths.middle + lengths.suffix + COPY_BYTES <= room) {
		at = put_wide(at, earlier.at, lengths.prefix);
		at = put_wide(at, lengths.begin, lengths.middle);
		put_wide(at, earlier.at + earlier.length - lengths.suffix, lengths.suffix);
	} else {
		put_narrow(at, earlier, &lengths);
	}
}

/* Result: false when the lengths say what cannot be. */
static inline bool is_sound(const struct text_lengths *lengths, struct span earlier, const char *end)
{
	return lengths->begin && lengths->begin <= end && lengths->middle <= (uint64_t)(end - lengths->begin) &&
	       lengths->prefix <= earlier.length && lengths->suffix <= earlier.length - lengths->prefix;
}

enum { TEXT_CALLER_FROM, TEXT_CALLER_TO, TEXT_CALLEE_FROM, TEXT_CALLEE_TO, TEXTS };

/* All that is behind the head. Result: false when it is broken, or does not end where the contents do. */
static bool read_texts(struct span text[TEXTS], const struct contents_reader *reader)
{
	static const uint8_t earlier_of[TEXTS] = {[TEXT_CALLER_TO] = TEXT_CALLER_FROM,
						  [TEXT_CALLEE_FROM] = TEXT_CALLER_FROM,
						  [TEXT_CALLEE_TO] = TEXT_CALLER_TO};
	const char *at = reader->at, *end = reader->end;
	char *room = reader->text, *room_end = reader->text_end;

	text[TEXT_CALLER_FROM] = no_text;
	for (uint32_t i = 0; i < TEXTS; i++) {
		struct span earlier = text[earlier_of[i]];
		struct text_lengths lengths = read_lengths(at);
		uint64_t length = lengths.prefix + lengths.middle + lengths.suffix;
		if (!is_sound(&lengths, earlier, end))
			return false;
		at = lengths.begin + lengths.middle;
		text[i] = span_make(earlier.at, length);
		if (lengths.middle == 0 && lengths.suffix == 0) /* nothing new */
			continue;
		if (length > (uint64_t)(room_end - room))
			return false;
		join_texts(room, (uint64_t)(room_end - room), earlier, lengths);
		text[i].at = room;
		room += length;
	}
	return at == end;
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

/* Kind, flags, kinds of flows, both flows with IPv6, the longest company, call, codecs, hash of the tag. */
_Static_assert(1 + 1 + 1 + 2 * (16 + 2 + 16 + 1) + 10 + 8 + 8 + 4 + 3 * 10 <= HEAD_BYTES_MAX,
	       "a head, and three lengths behind it, lie within the buffer");

/* All that is in front of the texts. */
static void read_head(struct contents_reader *reader, struct dialog_cookie *cookie, uint8_t contents)
{
	cookie->flags = read_byte(reader);
	read_flows(reader, cookie);
	cookie->company = contents >= CONTENTS_DIALOG ? read_number(reader) : read_varint(reader);
	cookie->call = contents >= CONTENTS_DIALOG_WITHOUT_CODECS ? read_number(reader) : 0;
	cookie->codecs = contents >= CONTENTS_DIALOG_WITH_SIPHASH ? read_number(reader) : CODEC_SET_ALL;
	cookie->caller_tag_hash = read_half(reader);
	cookie->caller_tag_is_siphashed = contents <= CONTENTS_DIALOG_WITH_SIPHASH;
}

bool route_cookie_open_dialog(struct dialog_cookie *cookie, char plain[ROUTE_COOKIE_PLAIN_BYTES_MAX], struct span text,
			      const struct secret_keys *keys, struct span call_id)
{
	char sealed[ROUTE_COOKIE_PLAIN_BYTES_MAX + HEAD_BYTES_MAX];
	struct contents_reader reader;
	struct span texts[TEXTS];
	int length = route_cookie_seal_open(sealed, text, &keys->cookie, call_id);

	if (length <= 1)
		return false;
	reader.at = sealed;
	reader.end = sealed + length;
	reader.text = plain;
	reader.text_end = plain + ROUTE_COOKIE_PLAIN_BYTES_MAX;
	reader.broken = false;

	uint8_t contents = read_byte(&reader);
	if (contents < CONTENTS_DIALOG_WITHOUT_CALL || contents > CONTENTS_DIALOG)
		return false;
	*cookie = (struct dialog_cookie){0};
	read_head(&reader, cookie, contents);
	if (reader.broken || !read_texts(texts, &reader))
		return false;
	cookie->caller_from = texts[TEXT_CALLER_FROM];
	cookie->caller_to = texts[TEXT_CALLER_TO];
	cookie->callee_from = texts[TEXT_CALLEE_FROM];
	cookie->callee_to = texts[TEXT_CALLEE_TO];
	return true;
}
