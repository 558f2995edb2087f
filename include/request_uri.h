/*
 * request_uri.h - the Request-URI that a registered contact becomes (R21, RFC 3261 16.6 step 2).
 */
#ifndef AMITY_REQUEST_URI_H
#define AMITY_REQUEST_URI_H

#include "span.h"

#define REQUEST_URI_BYTES_MAX 1024 /* a registered contact has up to 512, a user part in escapes less than that */

/*
 * Writes the contact as a Request-URI, without what has no place in one (headers, `method`). With a `user` it is the
 * contact's URI with that user in place of its own, without `:5060` and `;transport=udp`.
 *
 * Thread: any.   Result: length written; -1 when it does not fit, or `user` was given and the contact is no sip URI.
 */
int request_uri_write(char *text, uint32_t capacity, struct span contact, struct span user);

#endif
