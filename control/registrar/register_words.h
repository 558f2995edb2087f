/*
 * register_words.h - the words of a header's value in a REGISTER: what lies between commas and other separators,
 * numbers, host and port, the parts of a SIP URI.
 *
 * Spans are parts of those that came in. Thread: control, as all of the registrar; nothing is kept.
 */
#ifndef AMITY_REGISTER_WORDS_H
#define AMITY_REGISTER_WORDS_H

#include "span.h"

/* Takes the first of several values separated by commas, which do not count in quotes or brackets (RFC 3261 7.3.1). */
struct span register_words_take_value(struct span *rest);

/* Takes what stands before the first of `separators`, or all; that one is left. */
struct span register_words_take_until(struct span *rest, const char *separators);

/* Result: false when there is no number, or one above `most`, which then is what *number becomes. */
bool register_words_read_number(uint32_t *number, struct span text, uint32_t most);

/* "host:port" or "[IPv6]:port", up to what cannot be a part of it. Result: false without a host, or with a port that
 * is none; *port is 0 when none is given. */
bool register_words_read_host_port(struct span *host, uint16_t *port, struct span *text);

/* User, without a password, host and port of a SIP URI as it was sent. Result: false when it is none. */
bool register_words_split_uri(struct span *user, struct span *host, uint16_t *port, struct span uri);

/* Has it nothing that a URI must not have unescaped, wherever it stands (RFC 3261 25.1)? */
bool register_words_is_clean_uri(struct span uri);

#endif
