/*
 * quoted_request_read.h - which of our requests an ICMP error is about. It quotes the beginning of the datagram that we
 * sent, cut wherever the router that sent the error has cut it (RFC 792, RFC 1812 4.3.2.3, RFC 4443 2.4).
 */
#ifndef AMITY_QUOTED_REQUEST_READ_H
#define AMITY_QUOTED_REQUEST_READ_H

#include "branch_name.h"

struct quoted_request {
	struct branch_name branch;
	uint8_t method; /* enum sip_method: CANCEL and ACK have the branch of their INVITE (RFC 3261 9.1, 17.1.1.3) */
};

/*
 * Reads the start line and the header line behind it, where our Via stands in all requests that we send.
 *
 * Thread: any.   Cost: the two lines once.
 * Result: false when the quotation ends before the branch does, or when it is no request with a branch of ours; *quoted
 * is untouched.
 */
bool quoted_request_read(struct quoted_request *quoted, struct span beginning);

#endif
