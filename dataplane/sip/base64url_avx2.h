/*
 * base64url_avx2.h - base64url in steps of 32 digits, which are 24 bytes, for base64url_read.c and text_write.c: called
 * only where the CPU has AVX2 (scan_selected).
 *
 * The last step is made of the last whole groups, so that it overlaps the one before it and what it writes is written
 * twice. Neither reads nor writes anything outside.
 */
#ifndef AMITY_BASE64URL_AVX2_H
#define AMITY_BASE64URL_AVX2_H

#include <stdbool.h>
#include <stdint.h>

#define BASE64URL_AVX2_DIGITS 32
#define BASE64URL_AVX2_BYTES  24

/* `count` digits, whole groups of four, BASE64URL_AVX2_DIGITS at least. Result: false when one of them is none. */
bool base64url_avx2_read(uint8_t *bytes, const char *digits, uint32_t count);

/* `groups` of three bytes, BASE64URL_AVX2_BYTES / 3 at least. */
void base64url_avx2_write(char *digits, const uint8_t *bytes, uint32_t groups);

#endif
