#include "route_cookie_vaes.h"
#include "short_aes_vaes_parts.h"

/*
 * 48 bytes become 64 digits: each three are spread over a word of 32 bits, a multishift takes six bits from four places
 * in it, and they are looked up.
 *
 *   bytes       |  16 of the IV, 1 before  |     group     |     group     |     group     |   behind the last one
 *   digits                              of   48      48      48      48                        the period begins anew
 */
#define BEFORE_BYTES 17

/* Where the bytes of a block of digits begin, of those from the group before on. */
#define DIGITS_OF(block) (SHORT_AES_GROUP_BYTES - BEFORE_BYTES + 48 * (block))

static inline __attribute__((always_inline)) __m512i spread_from(uint32_t first)
{
	const __m512i spread = _mm512_setr_epi32(0x01020001, 0x04050304, 0x07080607, 0x0a0b090a, 0x0d0e0c0d, 0x10110f10,
						 0x13141213, 0x16171516, 0x191a1819, 0x1c1d1b1c, 0x1f201e1f, 0x22232122,
						 0x25262425, 0x28292728, 0x2b2c2a2b, 0x2e2f2d2e);

	return _mm512_add_epi8(spread, _mm512_set1_epi8((char)first));
}

static inline void put_digits(char *digits, __m512i words)
{
	static const char names[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const __m512i shifts = _mm512_set1_epi64(0x3036242a1016040a);
	__m512i values = _mm512_multishift_epi64_epi8(shifts, words); /* two bits too many, which are not looked at */

	_mm512_storeu_si512(digits, _mm512_permutexvar_epi8(values, _mm512_loadu_si512(names)));
}

/* The group of the plain text at `done`, encrypted; zeros behind its end. */
static inline __attribute__((always_inline)) __m512i seal_group(struct span plain, uint32_t done, __m512i counters,
								const struct wide_keys *keys)
{
	uint32_t left = plain.length > done ? plain.length - done : 0;
	__mmask64 there = _bzhi_u64(UINT64_MAX, left < SHORT_AES_GROUP_BYTES ? left : SHORT_AES_GROUP_BYTES);
	__m512i bytes = _mm512_maskz_loadu_epi8(there, plain.at + done);

	return _mm512_maskz_mov_epi8(there, _mm512_xor_si512(bytes, encrypt_group(counters, keys)));
}

void route_cookie_vaes_seal(char *digits, const struct short_aes *aes, uint8_t first_byte, struct span plain,
			    struct span call_id)
{
	const struct wide_keys keys = load_keys(aes);
	__m128i iv = make_wide_mac(&keys, call_id, plain);
	/* As if it were the end of a group. */
	__m512i before = _mm512_inserti32x4(_mm512_set1_epi8((char)first_byte), iv, 3);
	__m512i counters = first_counters(iv, SHORT_AES_DOMAIN_COUNTER);

	for (uint32_t done = 0; done < plain.length + BEFORE_BYTES; done += ROUTE_COOKIE_VAES_PERIOD_BYTES) {
		__m512i first = seal_group(plain, done, counters, &keys);
		counters = next_counters(counters);
		__m512i second = seal_group(plain, done + SHORT_AES_GROUP_BYTES, counters, &keys);
		counters = next_counters(counters);
		__m512i third = seal_group(plain, done + 2 * SHORT_AES_GROUP_BYTES, counters, &keys);
		counters = next_counters(counters);
		put_digits(digits, _mm512_permutex2var_epi8(before, spread_from(DIGITS_OF(0)), first));
		put_digits(digits + 64, _mm512_permutex2var_epi8(first, spread_from(DIGITS_OF(1) - 64), second));
		put_digits(digits + 128, _mm512_permutexvar_epi8(spread_from(DIGITS_OF(2) - 128), second));
		put_digits(digits + 192, _mm512_permutex2var_epi8(second, spread_from(DIGITS_OF(3) - 128), third));
		digits += ROUTE_COOKIE_VAES_PERIOD_DIGITS;
		before = third;
	}
}

/* Bit n: byte n, of 64 that begin at both places, differs; only those of `mask` are looked at, and read. */
static inline uint64_t differences(const char *a, const char *b, uint64_t mask)
{
	return _mm512_cmpneq_epi8_mask(_mm512_maskz_loadu_epi8(mask, a), _mm512_maskz_loadu_epi8(mask, b));
}

/* As put_text() of route_cookie.c, of two texts that are there. */
static inline char *put_text(char *at, struct span text, struct span earlier)
{
	uint32_t most = text.length < earlier.length ? text.length : earlier.length;
	/* The bit behind the last one that may be the same ends it, as a difference does. */
	uint64_t differs = differences(text.at, earlier.at, _bzhi_u64(UINT64_MAX, most)) | 1ull << most;
	uint32_t prefix = (uint32_t)__builtin_ctzll(differs), left = most - prefix;
	uint64_t end = 1ull << (63 - left);
	uint64_t differs_before_end =
		differences(text.at + text.length - 64, earlier.at + earlier.length - 64, -(end << 1)) | end;
	uint32_t suffix = (uint32_t)__builtin_clzll(differs_before_end), middle = text.length - prefix - suffix;
	uint32_t three = prefix | suffix << 8 | middle << 16;

	memcpy(at, &three, sizeof(three)); /* one too many */
	_mm512_storeu_si512(at + 3, load_up_to(text.at + prefix, middle));
	return at + 3 + middle;
}

static inline bool is_short(struct span text)
{
	return text.length - 1 < ROUTE_COOKIE_VAES_TEXT_BYTES;
}

char *route_cookie_vaes_put_texts(char *at, const struct dialog_cookie *cookie)
{
	struct span caller_from = cookie->caller_from, caller_to = cookie->caller_to;
	struct span callee_from = cookie->callee_from, callee_to = cookie->callee_to;
	uint32_t three = caller_from.length << 16;

	if (!is_short(caller_from) || !is_short(caller_to) || !is_short(callee_from) || !is_short(callee_to))
		return NULL;
	memcpy(at, &three, sizeof(three));
	_mm512_storeu_si512(at + 3, load_up_to(caller_from.at, caller_from.length));
	at = put_text(at + 3 + caller_from.length, caller_to, caller_from);
	at = put_text(at, callee_from, caller_from);
	return put_text(at, callee_to, caller_to);
}
