#include "edit_list_put.h"

#include <immintrin.h>

/* No byte is read that is not of the text, but up to 64 are written: what comes next is written over them. */
static inline __attribute__((always_inline)) char *put_registers(char *at, const char *end, const char *text,
								 uint32_t length)
{
	char *text_end = at + length;

	(void)end;
	for (; length > 64; length -= 64, at += 64, text += 64)
		_mm512_storeu_si512(at, _mm512_loadu_si512(text));
	_mm512_storeu_si512(at, _mm512_maskz_loadu_epi8(_bzhi_u64(UINT64_MAX, length), text));
	return text_end;
}

char *edit_list_avx512_put_all(char *at, const struct edit_list *list, struct span received)
{
	return edit_list_put_all(at, NULL, put_registers, list, received);
}
