/*
 * base64url_read.h - the way back from text_write_base64url(): RFC 4648 5 without padding.
 */
#ifndef AMITY_BASE64URL_READ_H
#define AMITY_BASE64URL_READ_H

#include "span.h"

#define BASE64URL_SIXTEEN_DIGITS 22

/*
 * Decodes `text`. Strict: no padding, no white space, unused bits zero, so that one value has one text.
 *
 * Thread: any.   Result: count of bytes, or -1 when the text is no base64url or `capacity` is too small.
 */
int base64url_read(uint8_t *bytes, uint32_t capacity, struct span text);

/* The same for the BASE64URL_SIXTEEN_DIGITS digits of 16 bytes. Result: false when they are no base64url. */
bool base64url_read_sixteen(uint8_t bytes[16], const char *digits);

#endif
