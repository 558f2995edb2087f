/*
 * session_expires_parse.h - after how long a session that nobody refreshes is over (RFC 4028 4).
 */
#ifndef AMITY_SESSION_EXPIRES_PARSE_H
#define AMITY_SESSION_EXPIRES_PARSE_H

#include "span.h"

/*
 * `value` of Session-Expires: delta-seconds and parameters, which must be well formed; who refreshes makes no
 * difference to us. Less than the 90 seconds that RFC 4028 4 allows is given as it stands; a number too great for
 * *seconds is UINT32_MAX.
 *
 * Thread: any.   Result: false when it is malformed or absent; *seconds is untouched.
 */
bool session_expires_parse(uint32_t *seconds, struct span value);

#endif
