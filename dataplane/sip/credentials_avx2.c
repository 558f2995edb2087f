#include "credentials_avx2.h"

#if defined(__AVX2__)
#include <immintrin.h>

#include "byte_block.h"
#include "credentials_field.h"
#include "lexis.h"

/* One field, from its name to what separates it from the next one. Result: false when it may not be what it looks like.
 */
static inline bool take_piece(uint64_t *tally, struct digest_credentials *credentials, const char *at, const char *to,
			      const char *end)
{
	__m128i block = byte_block_load(at, end);
	const struct credentials_field_name *name = credentials_field_at(block);
	__m128i other = _mm_xor_si128(block, _mm_load_si128((const __m128i *)name->text));

	if (!_mm_testz_si128(other, _mm_load_si128((const __m128i *)name->counts)))
		return false;
	const char *from = at + name->length;
	if (name->is_quoted) {
		to--;
		if (to < from || *to != '"')
			return false;
	}
	credentials->text[name->field] = lexis_span(from, to);
	*tally += name->tally;
	return true;
}

static inline uint64_t both_masks(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

/* Bit n: byte n of CREDENTIALS_AVX2_BYTES is a quote or a backslash. The low half of a byte names the one that it may
 * be. */
static inline uint64_t find_marks(__m256i low, __m256i high)
{
	const __m256i marks = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(-1, -1, '"', -1, -1, -1, -1, -1, -1, -1, -1, -1, '\\', -1, -1, -1));

	return both_masks(_mm256_cmpeq_epi8(low, _mm256_shuffle_epi8(marks, low)),
			  _mm256_cmpeq_epi8(high, _mm256_shuffle_epi8(marks, high)));
}

/*
 * Where the next field begins does not have to wait for what this one is: a core looks at several at a time. The first
 * step is what is more than whole ones.
 */
uint32_t credentials_avx2_take(struct digest_credentials *credentials, struct span fields)
{
	const __m256i comma = _mm256_set1_epi8(',');
	const char *at = fields.at, *end = at + fields.length, *piece = at;
	size_t step = (size_t)(end - at - 1) % CREDENTIALS_AVX2_BYTES + 1;
	uint64_t tally = 0, mark_count = 0;

	do {
		__m256i low = _mm256_loadu_si256((const __m256i *)at);
		__m256i high = _mm256_loadu_si256((const __m256i *)(at + CREDENTIALS_AVX2_BYTES / 2));
		mark_count += (uint64_t)__builtin_popcountll(_bzhi_u64(find_marks(low, high), step));
		uint64_t commas = both_masks(_mm256_cmpeq_epi8(low, comma), _mm256_cmpeq_epi8(high, comma));
		for (commas = _bzhi_u64(commas, step); commas; commas &= commas - 1) {
			const char *to = at + __builtin_ctzll(commas);
			if (!take_piece(&tally, credentials, piece, to, end))
				return 0;
			size_t is_spaced = to[1] == ' ';
			__asm__("" : "+r"(is_spaced)); /* else gcc jumps, as often wrong as clients differ */
			piece = to + 1 + is_spaced;
		}
		at += step, step = CREDENTIALS_AVX2_BYTES;
	} while (at < end);
	if (!take_piece(&tally, credentials, piece, end, end))
		return 0;
	uint64_t field_count = (uint64_t)__builtin_popcount((uint32_t)tally); /* when none is there twice */
	uint64_t right = field_count | mark_count << (CREDENTIALS_FIELD_TALLY_QUOTES - CREDENTIALS_FIELD_TALLY_COUNT);
	return tally >> CREDENTIALS_FIELD_TALLY_COUNT == right ? (uint32_t)tally : 0;
}
#else
uint32_t credentials_avx2_take(struct digest_credentials *credentials, struct span fields)
{
	(void)credentials, (void)fields;
	return 0;
}
#endif
