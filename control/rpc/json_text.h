/*
 * json_text.h - texts and addresses as JSON strings: what came from the network need not be UTF-8.
 */
#ifndef AMITY_JSON_TEXT_H
#define AMITY_JSON_TEXT_H

#include <jansson.h>

#include "span.h"

/* Bytes that are no UTF-8 become '?'. Result: NULL when memory ends. */
json_t *json_text_make(struct span text);

/* The same; length 0: null. */
json_t *json_text_or_null(struct span text);

/* RFC 3339, UTC, with milliseconds; 0: null. Result: NULL when memory ends. */
json_t *json_text_make_time(uint64_t unix_ms);

#define JSON_TEXT_ADDRESS_BYTES_MAX 64

/* "192.0.2.1:5060", "[2001:db8::1]:5060"; port 0: "192.0.2.1", "[2001:db8::1]". Result: `text`. */
const char *json_text_write_address(char text[JSON_TEXT_ADDRESS_BYTES_MAX], const uint8_t ip[16], uint16_t port);

/* "192.0.2.1", "2001:db8::1": where no port can follow, as in a network. Result: `text`. */
const char *json_text_write_ip(char text[JSON_TEXT_ADDRESS_BYTES_MAX], const uint8_t ip[16]);

#endif
