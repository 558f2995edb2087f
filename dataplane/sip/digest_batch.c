#include "digest_batch.h"
#include "copy_bytes.h"
#include "md5_lanes.h"
#include "text_write.h"

#if defined(__SSSE3__)
#include <immintrin.h>
#endif

#define HASH_HEX_BYTES (2 * MD5_LANES_HASH_BYTES)
#define QOP_BYTES      4 /* of a possible one (digest_is_possible): auth */
#define TEXT_ROOM      (DIGEST_BATCH_TEXT_BYTES - MD5_LANES_END_BYTES)

/* What goes side by side: items by number, and the text of each. */
struct lanes {
	uint32_t count;
	uint8_t item[DIGEST_BATCH_MAX];
	struct md5_text text[DIGEST_BATCH_MAX];
	uint8_t hash[DIGEST_BATCH_MAX][MD5_LANES_HASH_BYTES];
};

/* Both texts end within their room: lengths are those of parts of one datagram, so that the sums are small. */
static bool is_for_lanes(const struct digest_batch_item *item)
{
	const struct digest_credentials *credentials = item->credentials;
	uint32_t texts = credentials->nonce.length + credentials->nc_text.length + credentials->cnonce.length +
			 credentials->qop.length;

	return credentials->algorithm == DIGEST_MD5 && digest_is_possible(credentials) &&
	       item->method.length + 1 + credentials->uri.length <= TEXT_ROOM &&
	       2 * HASH_HEX_BYTES + 5 + texts <= TEXT_ROOM;
}

static inline char *put(char *at, struct span text)
{
	copy_bytes(at, text.at, text.length);
	return at + text.length;
}

static inline char *put_next(char *at, struct span text)
{
	*at = ':';
	return put(at + 1, text);
}

/* What is written there then is `length` bytes. */
static void begin_text(struct md5_text *text, char *begin, uint32_t length)
{
	*text = (struct md5_text){begin, md5_lanes_pad(begin, length)};
}

static void write_a2(struct md5_text *text, char *begin, const struct digest_batch_item *item)
{
	begin_text(text, begin, item->method.length + 1 + item->credentials->uri.length);
	put_next(put(begin, item->method), item->credentials->uri);
}

#if defined(__SSSE3__)
static void write_hex(char hex[HASH_HEX_BYTES], const uint8_t hash[MD5_LANES_HASH_BYTES])
{
	const __m128i digits =
		_mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f');
	const __m128i nibble = _mm_set1_epi8(0x0f);
	__m128i bytes = _mm_loadu_si128((const __m128i *)hash);
	__m128i high = _mm_shuffle_epi8(digits, _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble));
	__m128i low = _mm_shuffle_epi8(digits, _mm_and_si128(bytes, nibble));

	_mm_storeu_si128((__m128i *)hex, _mm_unpacklo_epi8(high, low));
	_mm_storeu_si128((__m128i *)(hex + HASH_HEX_BYTES / 2), _mm_unpackhi_epi8(high, low));
}
#else
static void write_hex(char hex[HASH_HEX_BYTES], const uint8_t hash[MD5_LANES_HASH_BYTES])
{
	struct text_writer writer = text_write_begin(hex, HASH_HEX_BYTES);

	text_write_hex(&writer, hash, MD5_LANES_HASH_BYTES);
}
#endif

static void write_response(struct md5_text *text, char *begin, const struct digest_batch_item *item,
			   const uint8_t a2_hash[MD5_LANES_HASH_BYTES])
{
	const struct digest_credentials *credentials = item->credentials;
	struct span qop = credentials->qop;
	uint32_t length = 2 * HASH_HEX_BYTES + 2 + credentials->nonce.length;
	char *at = begin + sizeof(item->secret->ha1_md5);

	if (qop.length)
		length += 3 + credentials->nc_text.length + credentials->cnonce.length + QOP_BYTES;
	begin_text(text, begin, length);
	memcpy(begin, item->secret->ha1_md5, sizeof(item->secret->ha1_md5));
	at = put_next(at, credentials->nonce);
	if (qop.length) {
		at = put_next(at, credentials->nc_text);
		at = put_next(at, credentials->cnonce);
		at = put_next(at, span_make(qop.at, QOP_BYTES));
	}
	*at = ':';
	write_hex(at + 1, a2_hash);
}

static void verify_lanes(struct digest_batch *batch, struct lanes *lanes)
{
	md5_lanes_hash(lanes->hash, lanes->text, lanes->count);
	for (uint32_t i = 0; i < lanes->count; i++)
		write_response(&lanes->text[i], batch->text[i], &batch->item[lanes->item[i]], lanes->hash[i]);
	md5_lanes_hash(lanes->hash, lanes->text, lanes->count);
	for (uint32_t i = 0; i < lanes->count; i++) {
		struct digest_batch_item *item = &batch->item[lanes->item[i]];
		char hex[HASH_HEX_BYTES];
		write_hex(hex, lanes->hash[i]);
		item->is_right = digest_is_response(item->credentials, hex);
	}
}

void digest_batch_verify(struct digest_batch *batch)
{
	struct lanes lanes;

	lanes.count = 0;
	for (uint32_t i = 0; i < batch->count; i++) {
		struct digest_batch_item *item = &batch->item[i];
		if (!is_for_lanes(item)) {
			item->is_right = digest_verify(item->secret, item->credentials, item->method);
			continue;
		}
		write_a2(&lanes.text[lanes.count], batch->text[lanes.count], item);
		lanes.item[lanes.count++] = (uint8_t)i;
	}
	verify_lanes(batch, &lanes);
}
