/*
 * pattern_content.h - a compiled set as bytes, with the patterns that it was made of (pattern_cache.h).
 *
 *   count | confirm flags | lengths | texts | serialised database
 */
#ifndef AMITY_PATTERN_CONTENT_H
#define AMITY_PATTERN_CONTENT_H

#include <stddef.h>

#include "pattern_compile.h"

/* Result: *content is the caller's to free(); STATUS_NO_MEMORY. */
AMITY_CHECKED enum status pattern_content_write(void **content, size_t *length, const struct pattern_product *product,
						const struct span *pattern, uint32_t count);

/* Result: false unless it is whole, made of exactly these patterns, and for this library and CPU. */
bool pattern_content_read(struct pattern_product *product, const void *content, size_t length,
			  const struct span *pattern, uint32_t count);

#endif
