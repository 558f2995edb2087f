#include "edit_list_put.h"

#include <immintrin.h>

/*
 * No byte is read that is not of the text, but up to 64 are written: what comes next is written over them. gcc would
 * find out first how many turns there will be, which takes longer than the few that there are: it is kept from it.
 */
static inline __attribute__((always_inline)) char *put_registers(char *at, const char *end, const char *text,
								 uint32_t length)
{
	int64_t done = 0, whole = (int64_t)length - 64;

	(void)end;
	for (; done < whole; done += 64) {
		_mm512_storeu_si512(at + done, _mm512_loadu_si512(text + done));
		__asm__("" : "+r"(done));
	}
	uint64_t left = _bzhi_u64(UINT64_MAX, length - (uint32_t)done);
	_mm512_storeu_si512(at + done, _mm512_maskz_loadu_epi8(left, text + done));
	return at + length;
}

char *edit_list_avx512_put_all(char *at, const struct edit_list *list, struct span received)
{
	return edit_list_put_all(at, NULL, put_registers, list, received);
}
