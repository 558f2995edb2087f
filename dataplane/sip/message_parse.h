/*
 * message_parse.h - one SIP message from the bytes of one datagram (RFC 3261 7, 18.3, 25).
 *
 * One pass over the header lines: line ends and colons come from scan.h (AVX2 or its scalar twin), names from
 * token_name.h. Parts that every message needs (topmost Via, Call-ID, CSeq, tags) are taken at once; everything else on
 * demand through uri_parse.h, via_parse.h, address_parse.h, credentials_parse.h and sdp_parse.h.
 */
#ifndef AMITY_MESSAGE_PARSE_H
#define AMITY_MESSAGE_PARSE_H

#include "reason.h"
#include "sip_message.h"

/*
 * Parses `bytes`. The message keeps pointing into them.
 *
 * Thread: any.   Cost: under 300 ns for a 1,100-byte INVITE.
 * Range: 1 to SIP_MESSAGE_BYTES_MAX bytes; octets after Content-Length are ignored (RFC 3261 18.3).
 * Result: REASON_NONE when the message is well formed, else the first reason found. Whatever the result, the slices are
 * inside the bytes, and is_request, header[], first[] and the Via parts found so far are valid, so that a malformed
 * request can be answered: an answer is possible when via_host.length > 0. Responses: every fault is
 * MALFORMED_RESPONSE. A folded value is legal and marked.
 */
enum reason message_parse(struct sip_message *message, struct span bytes);

/*
 * Finds the value of the first Call-ID (or `i`) header line without parsing the rest; for steering (DESIGN.md section
 * 4).
 *
 * Thread: any.   Result: length 0 when there is none.
 */
struct span message_find_call_id(struct span bytes);

/*
 * Replaces each line fold in the headers of a parsed message by spaces (RFC 3261 7.3.1), in place: `bytes` are
 * message->bytes, as their owner may write them. No length changes; what was parsed before has to be parsed again.
 *
 * Result: false when there was none; nothing was written then.
 */
bool message_unfold(struct sip_message *message, char *bytes);

#endif
