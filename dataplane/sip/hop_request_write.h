/*
 * hop_request_write.h - requests that we make ourselves out of an INVITE that we have sent: the ACK of a non-2xx (RFC
 * 3261 17.1.1.3) and the CANCEL (9.1). Both go where the INVITE went, with its topmost Via alone and its Route lines.
 */
#ifndef AMITY_HOP_REQUEST_WRITE_H
#define AMITY_HOP_REQUEST_WRITE_H

#include "sip_message.h"

/*
 * Request-URI, topmost Via value, Route lines, From, Call-ID, CSeq number of `invite`, Max-Forwards: 70,
 * Content-Length: 0. `to` is the value of To: of the response for ACK, of the INVITE (length 0) for CANCEL.
 *
 * Thread: any.   Result: length, or -1 when it does not fit or `invite` lacks one of these.
 */
int hop_request_write_ack(char *out, uint32_t capacity, const struct sip_message *invite, struct span to);
int hop_request_write_cancel(char *out, uint32_t capacity, const struct sip_message *invite);

#endif
