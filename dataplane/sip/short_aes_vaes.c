#include "short_aes_vaes_parts.h"

void short_aes_vaes_xor(uint8_t *out, struct span in, const struct short_aes *aes, const uint8_t iv[SHORT_AES_BYTES],
			uint8_t last)
{
	const struct wide_keys keys = load_keys(aes);
	__m512i counters = first_counters(_mm_loadu_si128((const __m128i *)iv), last);

	for (uint32_t done = 0; done < in.length; done += SHORT_AES_GROUP_BYTES) {
		__m512i bytes = _mm512_loadu_si512(in.at + done);
		_mm512_storeu_si512(out + done, _mm512_xor_si512(bytes, encrypt_group(counters, &keys)));
		counters = next_counters(counters);
	}
}

void short_aes_vaes_mac(uint8_t mac[SHORT_AES_BYTES], const struct short_aes *aes, struct span first,
			struct span second)
{
	const struct wide_keys keys = load_keys(aes);

	_mm_storeu_si128((__m128i *)mac, make_wide_mac(&keys, first, second));
}
