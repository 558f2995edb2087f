/*
 * answer_write.h - a response of our own to a request (RFC 3261 8.2.6, 18.2.1; RFC 3581).
 */
#ifndef AMITY_ANSWER_WRITE_H
#define AMITY_ANSWER_WRITE_H

#include "net_address.h"
#include "sip_message.h"

struct answer {
	uint16_t status;
	struct span phrase;
	struct span to_tag;	   /* put on To when it has none and status > 100 */
	struct span extra_headers; /* whole lines with CRLF, or empty */
	struct net_address source; /* of the request: received and rport of the topmost Via */
	bool via_stays;		   /* via_stamp_is_needed() is known to be false; false: it is asked */
};

/*
 * Writes the whole response: all Via lines as received (received= and rport= filled in the topmost), From, To, Call-ID,
 * CSeq, the extra headers, Content-Length: 0. Headers that the request lacks are left out.
 *
 * Thread: any.   Result: length, or -1 when it does not fit.
 */
int answer_write(char *out, uint32_t capacity, const struct sip_message *request, const struct answer *answer);

/*
 * Where a response to the topmost Via of a request from `source` goes (RFC 3261 18.2.2, RFC 3581 4). Who has another
 * address in its sent-by than it sends from is behind NAT (R35): the port there is no way back either, asked for rport
 * or not. RFC 3261 18.2.2 would send it there all the same. `via_stays` as in struct answer.
 */
void answer_destination(struct net_address *destination, const struct sip_message *request,
			const struct net_address *source, bool via_stays);

/*
 * To tag of our own stateless answers: a MAC over Call-ID, From tag and CSeq number, so that the retransmitted request
 * gets the same tag (RFC 3261 8.2.7), and the ACK that carries it is known as ours and absorbed.
 */
#define ANSWER_TAG_BYTES 16
void answer_make_tag(char tag[ANSWER_TAG_BYTES], const struct sip_message *request, const uint8_t key[16]);
bool answer_is_own_tag(const struct sip_message *request, const uint8_t key[16]);

#endif
