/*
 * kept_message.h - a SIP message that outlives its burst, in the mbuf that it came in or was written into.
 *
 * By position in the mbuf's buffer: headers that are put in front of it do not move it. Where the buffer is and whether
 * it is a large one is known without the mbuf, which is in no cache when the message is looked at again.
 */
#ifndef AMITY_KEPT_MESSAGE_H
#define AMITY_KEPT_MESSAGE_H

#include "span.h"

#define KEPT_MESSAGE_LARGE_BYTES 32768 /* of a buffer: more than any frame has, less than those for datagrams */

struct rte_mbuf;

struct kept_message {
	struct rte_mbuf *mbuf; /* one reference is ours; NULL: none */
	uint16_t offset;       /* from mbuf->buf_addr */
	uint16_t length;
	int32_t near; /* from the mbuf to its buffer, a multiple of 8, + 1 when that is large; 0: too far, ask the mbuf
		       */
};

/*
 * Keeps a message: one reference of `mbuf` becomes ours, what was kept there before is given back. `text` is inside the
 * mbuf's buffer. mbuf NULL: only gives back.
 *
 * Thread: the owner of the mbufs. Result: how many messages are kept there now more than before: -1, 0, 1.
 */
int kept_message_replace(struct kept_message *kept, struct rte_mbuf *mbuf, struct span text);

/* Length 0: none. */
struct span kept_message_text(const struct kept_message *kept);

/* Is it in a buffer of at least KEPT_MESSAGE_LARGE_BYTES? False: it is not, or none is kept. */
bool kept_message_is_large(const struct kept_message *kept);

/* Asks for what giving it back will touch. */
void kept_message_prefetch(const struct kept_message *kept);

#endif
