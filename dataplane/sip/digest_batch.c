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

/* What goes side by side: items by number, then H(method:uri) of each and its response. */
struct lanes {
	uint32_t count;
	uint8_t item[DIGEST_BATCH_MAX];
	char *a2_hex[DIGEST_BATCH_MAX];		/* where that hash stands in the response's text */
	struct md5_text rest[DIGEST_BATCH_MAX]; /* of that text: the blocks that wait for it */
	struct md5_text text[2 * DIGEST_BATCH_MAX];
	uint8_t hash[2 * DIGEST_BATCH_MAX][MD5_LANES_HASH_BYTES];
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

static void write_a2(struct md5_text *text, char *begin, const struct digest_batch_item *item)
{
	uint32_t length = item->method.length + 1 + item->credentials->uri.length;

	*text = (struct md5_text){begin, md5_lanes_pad(begin, length)};
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

/* All but the hash of A2. Result: its place. */
static char *write_response(char *begin, uint32_t *block_count, const struct digest_batch_item *item)
{
	const struct digest_credentials *credentials = item->credentials;
	struct span qop = credentials->qop;
	uint32_t length = 2 * HASH_HEX_BYTES + 2 + credentials->nonce.length;
	char *at = begin + sizeof(item->secret->ha1_md5);

	if (qop.length)
		length += 3 + credentials->nc_text.length + credentials->cnonce.length + QOP_BYTES;
	*block_count = md5_lanes_pad(begin, length);
	memcpy(begin, item->secret->ha1_md5, sizeof(item->secret->ha1_md5));
	at = put_next(at, credentials->nonce);
	if (qop.length) {
		at = put_next(at, credentials->nc_text);
		at = put_next(at, credentials->cnonce);
		at = put_next(at, span_make(qop.at, QOP_BYTES));
	}
	*at = ':';
	return at + 1;
}

/* The whole blocks before A2's hash do not wait for it. */
static void write_texts(struct digest_batch *batch, struct lanes *lanes, uint32_t index)
{
	const struct digest_batch_item *item = &batch->item[lanes->item[index]];
	char *begin = batch->text[index];
	uint32_t block_count;

	write_a2(&lanes->text[index], batch->a2[index], item);
	lanes->a2_hex[index] = write_response(begin, &block_count, item);
	uint32_t before = (uint32_t)(lanes->a2_hex[index] - begin) / MD5_LANES_BLOCK_BYTES;
	lanes->text[lanes->count + index] = (struct md5_text){begin, before};
	lanes->rest[index] = (struct md5_text){begin + before * MD5_LANES_BLOCK_BYTES, block_count - before};
}

static void verify_lanes(struct digest_batch *batch, struct lanes *lanes)
{
	uint8_t(*response)[MD5_LANES_HASH_BYTES] = lanes->hash + lanes->count;

	for (uint32_t i = 0; i < lanes->count; i++)
		write_texts(batch, lanes, i);
	md5_lanes_hash(lanes->hash, lanes->text, 2 * lanes->count);
	for (uint32_t i = 0; i < lanes->count; i++)
		write_hex(lanes->a2_hex[i], lanes->hash[i]);
	md5_lanes_hash_on(response, lanes->rest, lanes->count);
	for (uint32_t i = 0; i < lanes->count; i++) {
		struct digest_batch_item *item = &batch->item[lanes->item[i]];
		char hex[HASH_HEX_BYTES];
		write_hex(hex, response[i]);
		item->is_right = digest_is_response(item->credentials, hex);
	}
}

void digest_batch_verify(struct digest_batch *batch)
{
	struct lanes lanes;

	lanes.count = 0;
	for (uint32_t i = 0; i < batch->count; i++) {
		struct digest_batch_item *item = &batch->item[i];
		if (is_for_lanes(item))
			lanes.item[lanes.count++] = (uint8_t)i;
		else
			item->is_right = digest_verify(item->secret, item->credentials, item->method);
	}
	verify_lanes(batch, &lanes);
}
