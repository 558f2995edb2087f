/*
 * base64url_read.h - the way back from text_write_base64url(): RFC 4648 5 without padding.
 */
#ifndef AMITY_BASE64URL_READ_H
#define AMITY_BASE64URL_READ_H

#include "span.h"

/*
 * Decodes `text`. Strict: no padding, no white space, unused bits zero, so that one value has one text.
 *
 * Thread: any.   Result: count of bytes, or -1 when the text is no base64url or `capacity` is too small.
 */
int base64url_read(uint8_t *bytes, uint32_t capacity, struct span text);

/* Sixteen bytes, always: what 22 digits hold. Thread: any.   Result: false when they are no base64url. */
#define BASE64URL_BLOCK_BYTES  16
#define BASE64URL_BLOCK_DIGITS 22
bool base64url_read_block(uint8_t bytes[BASE64URL_BLOCK_BYTES], const char digits[BASE64URL_BLOCK_DIGITS]);

#endif
