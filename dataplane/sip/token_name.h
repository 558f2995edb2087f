/*
 * token_name.h - which word of sip_tokens.def a header name or a method is.
 *
 * A perfect hash, generated at build time by token_table.py, names the one candidate; it is then compared in full.
 */
#ifndef AMITY_TOKEN_NAME_H
#define AMITY_TOKEN_NAME_H

#include "sip_message.h"

/* Long and compact forms, without case. Thread: any. Result: SIP_HEADER_OTHER for any other text. */
enum sip_header_name token_name_find_header(struct span text);

/* With case (RFC 3261 7.1). Thread: any. Result: SIP_METHOD_OTHER for any other text. */
enum sip_method token_name_find_method(struct span text);

#endif
